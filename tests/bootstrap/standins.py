"""Stand-ins for ``aws``, ``gcloud`` and ``bq`` that keep state, and fail as the real ones do.

Each is one program that reads the world from a file and writes it back. It answers only what it was taught: a command
line that the plan would get wrong is an error here too.
"""

AWS = """\
#!{python} -IS
import json, pathlib, sys

home = pathlib.Path({home!r})
world = json.loads((home / "world").read_text())
args = sys.argv[1:]
with (home / "calls").open("a") as calls:
    calls.write(json.dumps(args) + "\\n")
option = {{args[i]: args[i + 1] for i in range(2, len(args) - 1) if args[i].startswith("--")}}
verb = " ".join(args[:2])


def fail(code, operation, message="no"):
    print(f"\\nAn error occurred ({{code}}) when calling the {{operation}} operation: {{message}}", file=sys.stderr)
    sys.exit(254)


def answer(value):
    print(json.dumps(value))


if world.get("fail") == verb:
    fail("AccessDenied", "It", "User is not authorized")
if verb == "sts get-caller-identity":
    if not world["account"]:
        print("\\nUnable to locate credentials. You can configure them by running aws configure", file=sys.stderr)
        sys.exit(253)
    if option.get("--query") == "Account":
        assert option["--output"] == "text"
        print(world["account"])
    else:
        answer({{"Account": world["account"], "Arn": "arn:aws:iam::" + world["account"] + ":user/someone"}})
    sys.exit(0)
assert option["--region"] == "eu-west-1", args
if verb == "kms describe-key":
    alias = option["--key-id"]
    if alias not in world["aliases"]:
        fail("NotFoundException", "DescribeKey")
    arn = world["aliases"][alias]
    answer({{"KeyMetadata": {{"Arn": arn, "KeyId": arn[-1:], "KeyState": world["keys"][arn]["state"]}}}})
elif verb == "resourcegroupstaggingapi get-resources":
    name, value = (part.partition("=")[2] for part in option["--tag-filters"].split(","))
    found = [arn for arn, key in world["keys"].items() if key["tags"].get(name) == value]
    answer({{"ResourceTagMappingList": [{{"ResourceARN": arn}} for arn in found]}})
elif verb == "kms create-key":
    arn = f"arn:aws:kms:eu-west-1:{{world['account']}}:key/{{len(world['keys'])}}"
    tags = {{each["TagKey"]: each["TagValue"] for each in json.loads(option["--tags"])}}
    world["keys"][arn] = {{"state": "Enabled", "rotation": False, "tags": tags}}
    assert option["--query"] == "KeyMetadata.Arn" and option["--output"] == "text"
    print(arn)
elif verb == "kms create-alias":
    assert option["--target-key-id"] in world["keys"]
    world["aliases"][option["--alias-name"]] = option["--target-key-id"]
elif verb == "iam get-role":
    if option["--role-name"] not in world["roles"]:
        fail("NoSuchEntity", "GetRole", "The role with name " + option["--role-name"] + " cannot be found.")
    answer({{"Role": {{"Arn": "arn:aws:iam::" + world["account"] + ":role/" + option["--role-name"]}}}})
elif verb == "iam create-service-linked-role":
    assert option["--aws-service-name"] == "spot.amazonaws.com", args
    assert "AWSServiceRoleForEC2Spot" not in world["roles"], "InvalidInput"
    world["roles"].append("AWSServiceRoleForEC2Spot")
    answer({{"Role": {{"RoleName": "AWSServiceRoleForEC2Spot"}}}})
elif verb == "kms get-key-rotation-status":
    answer({{"KeyRotationEnabled": world["keys"][option["--key-id"]]["rotation"]}})
elif verb == "kms enable-key-rotation":
    world["keys"][option["--key-id"]]["rotation"] = True
elif verb == "s3api create-bucket":
    assert json.dumps(option["--create-bucket-configuration"]) == '"LocationConstraint=eu-west-1"'
    assert option["--bucket"] not in world["buckets"], "BucketAlreadyOwnedByYou"
    encryption = {{"Rules": [{{"ApplyServerSideEncryptionByDefault": {{"SSEAlgorithm": "AES256"}}}}]}}
    world["buckets"][option["--bucket"]] = {{"bucket-encryption": encryption}}
    answer({{"Location": "http://" + option["--bucket"]}})
else:
    assert args[0] == "s3api" and option["--expected-bucket-owner"] == world["account"], args
    if world.get("taken") == option["--bucket"]:
        fail("403", "HeadBucket", "Forbidden")
    bucket = world["buckets"].get(option["--bucket"])
    if bucket is None:
        fail("404" if args[1] == "head-bucket" else "NoSuchBucket", args[1])
    reading, _, subject = args[1].partition("-")
    forms = {{
        "public-access-block": ("PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration"),
        "bucket-ownership-controls": ("OwnershipControls", "OwnershipControlsNotFoundError"),
        "bucket-encryption": ("ServerSideEncryptionConfiguration", ""),
        "bucket-versioning": ("", ""),
        "bucket-policy": ("Policy", "NoSuchBucketPolicy"),
        "bucket-lifecycle-configuration": ("", "NoSuchLifecycleConfiguration"),
        "bucket-tagging": ("", "NoSuchTagSet"),
    }}
    if args[1] == "head-bucket":
        pass
    elif reading == "get":
        under, absent = forms[subject]
        if subject in bucket:
            answer({{under: bucket[subject]}} if under else bucket[subject])
        elif absent:
            fail(absent, args[1])
    else:
        assert reading == "put" and subject in forms, args
        written = option[next(name for name in option if name not in ("--bucket", "--expected-bucket-owner"))]
        bucket[subject] = written if subject == "bucket-policy" else json.loads(written)
(home / "world").write_text(json.dumps(world))
"""

GCLOUD = """\
#!{python} -IS
import json, pathlib, re, sys

home = pathlib.Path({home!r})
world = json.loads((home / "world").read_text())
args = sys.argv[1:]
with (home / "calls").open("a") as calls:
    calls.write(json.dumps(args) + "\\n")
option = {{each.partition("=")[0]: each.partition("=")[2] for each in args if each.startswith("--")}}
words = [each for each in args if not each.startswith("--")]
if option["--format"] == "value(projectNumber)":
    assert words == ["projects", "describe", "example-ml-dev"], args
    print(world["number"])
    sys.exit(0)
assert option["--format"] == "json", args


def fail(message):
    print(f"ERROR: (gcloud.{{'.'.join(words[:3])}}) {{message}}", file=sys.stderr)
    sys.exit(1)


def answer(value):
    print(json.dumps(value))


def change(bucket):
    if "--uniform-bucket-level-access" in option:
        bucket["iamConfiguration"]["uniformBucketLevelAccess"] = {{"enabled": True}}
    if "--public-access-prevention" in option:
        bucket["iamConfiguration"]["publicAccessPrevention"] = "enforced"
    if "--default-encryption-key" in option:
        assert world["agent"], "the service agent may not use the key"
        bucket["encryption"] = {{"defaultKmsKeyName": option["--default-encryption-key"]}}
    if "--soft-delete-duration" in option:
        days = int(option["--soft-delete-duration"].removesuffix("d"))
        bucket["softDeletePolicy"] = {{"retentionDurationSeconds": days * 86400}}
    if "--versioning" in option:
        bucket["versioning"] = {{"enabled": True}}
    if "--lifecycle-file" in option:
        bucket["lifecycle"] = json.loads(pathlib.Path(option["--lifecycle-file"]).read_text())
    if "--update-labels" in option:
        bucket["labels"] = dict(each.split("=") for each in option["--update-labels"].split(","))


if world.get("fail") == " ".join(words[:3]):
    fail("PERMISSION_DENIED: The caller does not have permission")
if words[:2] == ["auth", "list"]:
    answer([{{"account": world["user"], "status": "ACTIVE"}}] if world["user"] else [])
elif words[:2] == ["projects", "describe"]:
    answer({{"projectId": words[2], "projectNumber": world["number"], "lifecycleState": "ACTIVE"}})
else:
    assert option["--project"] == "example-ml-dev", args
    if words[:2] == ["services", "list"]:
        answer([{{"config": {{"name": api}}, "state": "ENABLED"}} for api in world["apis"]])
    elif words[:2] == ["services", "enable"]:
        assert len(words) - 2 <= 20, "too many at once"
        world["apis"] = sorted({{*world["apis"], *words[2:]}})
    elif words[:2] == ["storage", "service-agent"]:
        assert option["--authorize-cmek"] in world["keys"]
        world["agent"] = True
    elif words[0] == "kms":
        if "cloudkms.googleapis.com" not in world["apis"]:
            fail("Cloud KMS API has not been used in project 1 before or it is disabled. reason: SERVICE_DISABLED")
        place = f"projects/example-ml-dev/locations/{{option['--location']}}/keyRings/"
        ring = place + (words[3] if words[1] == "keyrings" else option["--keyring"])
        key = f"{{ring}}/cryptoKeys/{{words[3]}}"
        if words[2] == "create":
            if words[1] == "keys":
                assert re.fullmatch(r"[0-9T:-]+Z", option["--next-rotation-time"]) and ring in world["rings"]
            world["rings" if words[1] == "keyrings" else "keys"].append(ring if words[1] == "keyrings" else key)
        elif words[1] == "keyrings" and ring not in world["rings"] or words[1] == "keys" and key not in world["keys"]:
            fail("NOT_FOUND: no such thing")
        elif words[2] == "get-iam-policy":
            agent = f"serviceAccount:service-{{world['number']}}@gs-project-accounts.iam.gserviceaccount.com"
            role = {{"role": "roles/cloudkms.cryptoKeyEncrypterDecrypter", "members": [agent]}}
            answer({{"etag": "x", "bindings": [role]}} if world["agent"] else {{"etag": "x"}})
        else:
            answer({{"name": key, "purpose": "ENCRYPT_DECRYPT", "primary": {{"state": world["key_state"]}}}})
    else:
        assert words[:2] == ["storage", "buckets"], args
        name = words[3]
        if words[2] == "create":
            assert option["--location"] == "europe-west1" and name not in world["buckets"]
            world["buckets"][name] = {{"iamConfiguration": {{}}}}
            change(world["buckets"][name])
        elif name not in world["buckets"]:
            fail(f"{{name}} not found: 404.")
        elif words[2] == "describe":
            assert "--raw" in option
            answer(world["buckets"][name])
        else:
            assert words[2] == "update", args
            change(world["buckets"][name])
(home / "world").write_text(json.dumps(world))
"""

BQ = """\
#!{python} -IS
import json, pathlib, sys

home = pathlib.Path({home!r})
world = json.loads((home / "world").read_text())
assert sys.argv[1:] == ["--format=json", "--project_id=example-ml-dev", "show", "--encryption_service_account"]
if "bigquery.googleapis.com" not in world["apis"]:
    # It says what is wrong where others give their answers.
    print("BigQuery error in show operation: BigQuery API has not been used in project 1 before or it is disabled.")
    sys.exit(1)
world["dataset_agent"] = True
(home / "world").write_text(json.dumps(world))
print(json.dumps({{"ServiceAccountID": f"bq-{{world['number']}}@bigquery-encryption.iam.gserviceaccount.com"}}))
"""
