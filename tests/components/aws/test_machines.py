"""The table of EC2 instance types against botocore's model, and what is chosen from it."""

import botocore.session
import pytest

from components.aws.machines import choose, families, gpu_models, machines, of_families, regions, shapes


@pytest.fixture(scope="module")
def session() -> botocore.session.Session:
    return botocore.session.get_session()


def test_every_type_is_one_that_ec2_has(session):
    known = session.get_service_model("ec2").shape_for("InstanceType").enum
    assert len(machines()) > 1000
    assert sorted(set(machines()) - set(known)) == []


def test_the_regions_are_those_of_the_partition(session):
    (partition,) = [each for each in session.get_data("endpoints")["partitions"] if each["partition"] == "aws"]
    assert list(regions()) == sorted(partition["regions"])


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"),
    [(2, 4, "c7i.large"), (4, 16, "m7i.xlarge"), (16, 64, "m6a.4xlarge"), (32, 256, "r7i.8xlarge")],
)
def test_a_size_gives_types_of_exactly_that_size(cpu, memory, expected):
    chosen = choose({"cpu": cpu, "memory_gib": memory})
    assert expected in chosen
    assert len(chosen) > 5
    assert {(machines()[name].cpu, machines()[name].memory_mib) for name in chosen} == {(cpu, memory * 1024)}


def test_types_for_general_use_have_no_gpu_and_are_neither_burstable_nor_arm():
    for shape in shapes():
        for name in choose(shape):
            assert machines()[name].gpu is None
            assert machines()[name].arch == "amd64"
            assert not name.startswith("t")
            assert ".metal" not in name


def test_gpus_are_chosen_by_model_and_number():
    gpu = {"model": "nvidia-l4", "count": 1}
    assert choose({"cpu": 8, "memory_gib": 32}, gpu) == ("g6.2xlarge",)
    assert choose({"cpu": 4, "memory_gib": 16}, {"model": "nvidia-tesla-t4", "count": 1}) == ("g4dn.xlarge",)
    assert "g6f.xlarge" not in {name for shape in shapes(gpu) for name in choose(shape, gpu)}, "a part of a GPU"
    assert "nvidia-l4" in gpu_models()


def test_a_size_that_there_is_not_gives_nothing():
    assert choose({"cpu": 7, "memory_gib": 13}) == ()


def test_families_give_their_types_smallest_first():
    assert of_families(["m7i"])[:2] == ("m7i.large", "m7i.xlarge")
    assert "m7i" in families()
    assert "m7g" not in families()
