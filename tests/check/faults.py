"""A program with one fault in each resource called ``bad-``, and beside it the same without the fault, ``good-``."""

import json

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp
import pulumi_kubernetes as kubernetes

ROOT = "arn:aws:iam::111122223333:root"


def document(action: str, resource: str) -> str:
    """Return a policy that allows one action on one resource."""
    statement = {"Effect": "Allow", "Action": [action], "Resource": [resource]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


key = aws.kms.Key("good-key", enable_key_rotation=True)
aws.kms.Key("bad-key", enable_key_rotation=False)

for name, private in (("bad", False), ("good", True)):
    bucket = aws.s3.Bucket(f"{name}-bucket", bucket=f"{name}-bucket")
    aws.s3.BucketPublicAccessBlock(
        f"{name}-access",
        bucket=bucket.id,
        block_public_acls=private,
        block_public_policy=private,
        ignore_public_acls=private,
        restrict_public_buckets=private,
    )
    principal = {"AWS": ROOT} if private else "*"
    statement = {"Effect": "Allow", "Principal": principal, "Action": ["s3:GetObject"]}
    aws.s3.BucketPolicy(
        f"{name}-bucket-policy",
        bucket=bucket.id,
        policy=bucket.arn.apply(
            lambda arn, statement=statement: json.dumps(
                {"Version": "2012-10-17", "Statement": [{**statement, "Resource": f"{arn}/*"}]}
            )
        ),
    )

vpc = aws.ec2.Vpc("network", cidr_block="10.0.0.0/16")
for name, cidr in (("bad", "0.0.0.0/0"), ("good", "10.0.0.0/16")):
    group = aws.ec2.SecurityGroup(f"{name}-group", vpc_id=vpc.id, description=name)
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-rule",
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=22,
        to_port=22,
        cidr_ipv4=cidr,
        description=name,
    )

role = aws.iam.Role(
    "role",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": ["sts:AssumeRole"]}
            ],
        }
    ),
)
aws.iam.RolePolicy("bad-rights", role=role.name, policy=document("*", "*"))
aws.iam.RolePolicy("good-rights", role=role.name, policy=document("s3:GetObject", "arn:aws:s3:::data/*"))

attached = aws.ec2.SecurityGroup("good-second-group", vpc_id=vpc.id, description="the second of a list")
first = aws.ec2.SecurityGroup("good-first-group", vpc_id=vpc.id, description="the first of a list")
aws.ec2.SecurityGroup("bad-loose-group", vpc_id=vpc.id, description="of nothing")
for name, private in (("bad", False), ("good", True)):
    aws.eks.Cluster(
        f"{name}-cluster",
        name=name,
        role_arn=role.arn,
        vpc_config={
            "subnet_ids": ["subnet-1"],
            "security_group_ids": [first.id, attached.id],
            "endpoint_public_access": not private,
            "endpoint_private_access": private,
        },
    )
    aws.rds.Instance(
        f"{name}-database",
        instance_class="db.t4g.micro",
        engine="postgres",
        allocated_storage=20,
        username="postgres",
        password=pulumi.Output.secret("not-for-anybody"),
        storage_encrypted=private,
        publicly_accessible=not private,
    )
    aws.ec2.LaunchTemplate(
        f"{name}-template",
        metadata_options={"http_tokens": "required" if private else "optional", "http_put_response_hop_limit": 1},
    )
    aws.ebs.Volume(f"{name}-volume", availability_zone="eu-west-1a", size=1, encrypted=private, kms_key_id=key.arn)
    aws.ecr.Repository(f"{name}-images", image_tag_mutability="IMMUTABLE" if private else "MUTABLE")
    closed = {
        "private_cluster_config": {"enable_private_nodes": True, "enable_private_endpoint": True},
        "master_authorized_networks_config": {"cidr_blocks": [{"cidr_block": "10.0.0.0/8"}]},
    }
    gcp.container.Cluster(f"{name}-gke", location="europe-west1", initial_node_count=1, **(closed if private else {}))
    addresses = {} if private else {"authorized_networks": [{"value": "0.0.0.0/0"}]}
    gcp.sql.DatabaseInstance(
        f"{name}-sql",
        database_version="POSTGRES_16",
        settings={"tier": "db-f1-micro", "ip_configuration": {"ipv4_enabled": not private, **addresses}},
    )
    gcp.storage.Bucket(
        f"{name}-gcs",
        location="EU",
        uniform_bucket_level_access=private,
        public_access_prevention="enforced" if private else "inherited",
    )
    gcp.kms.CryptoKey(
        f"{name}-crypto-key",
        key_ring="projects/p/locations/l/keyRings/r",
        rotation_period="7776000s" if private else None,
    )
    kubernetes.core.v1.Pod(
        f"{name}-pod",
        metadata={"name": name, "namespace": "team"},
        spec={
            "containers": [
                {"name": "it", "image": "example.org/it:1", "securityContext": {"privileged": not private}},
            ]
        },
    )

kubernetes.core.v1.Pod(
    "bad-skipping",
    metadata={"name": "skipping", "namespace": "team", "annotations": {"checkov.io/skip1": "CKV_K8S_16=because"}},
    spec={"containers": [{"name": "it", "image": "example.org/it:1", "securityContext": {"privileged": True}}]},
)
kubernetes.helm.v3.Release("chart", chart="thing", version="1.0.0", namespace="team", name="thing")
kubernetes.storage.v1.StorageClassPatch("patch", metadata={"name": "standard"}, allow_volume_expansion=True)
