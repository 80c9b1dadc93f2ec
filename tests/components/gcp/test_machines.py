"""The table of Google Cloud's machine types, and what is chosen from it."""

import json
from datetime import date
from pathlib import Path

import pytest

import components.gcp.machines as module
from components.gcp.machines import accelerator, choose, families, gpu_models, machines, of_families, shapes, zones


def test_the_table_says_where_it_is_from_and_when_it_was_read():
    sources = json.loads(Path(module.__file__).with_name("machine_types.json").read_text())["sources"]
    assert date.fromisoformat(sources["read"]) >= date(2026, 8, 1)
    assert "regions and zones" in sources["zones"]


def test_a_name_ends_with_the_number_of_processors_unless_it_counts_gpus():
    for machine in machines().values():
        if not machine.name.endswith("g"):
            assert machine.cpu == int(machine.name.rpartition("-")[2])


def test_zones_are_not_always_the_first_letters():
    assert zones()["europe-west1"] == ("europe-west1-b", "europe-west1-c", "europe-west1-d")
    assert all(len(each) >= 3 for each in zones().values())


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"), [(4, 16, "n2-standard-4"), (16, 64, "n2d-standard-16"), (8, 64, "c3-highmem-8")]
)
def test_a_size_gives_types_of_exactly_that_size(cpu, memory, expected):
    chosen = choose({"cpu": cpu, "memory_gib": memory})
    assert expected in chosen
    assert {(machines()[name].cpu, machines()[name].memory_gib) for name in chosen} == {(cpu, memory)}
    assert {machines()[name].gpu for name in chosen} == {None}


def test_gpus_are_chosen_by_model_and_number():
    assert choose({"cpu": 8, "memory_gib": 32}, {"model": "nvidia-l4", "count": 1}) == ("g2-standard-8",)
    assert choose({"cpu": 24, "memory_gib": 96}, {"model": "nvidia-l4", "count": 2}) == ("g2-standard-24",)
    assert accelerator("nvidia-h100") == "nvidia-h100-80gb"
    assert "nvidia-h100" in gpu_models()


def test_what_there_is_not_gives_nothing():
    assert choose({"cpu": 7, "memory_gib": 13}) == ()
    assert {"cpu": 4, "memory_gib": 15} not in shapes(), "sizes for general use are those of machines with disks"


def test_series_without_persistent_disks_are_chosen_by_family_only():
    assert of_families(["n4-standard"])[0] == "n4-standard-2"
    assert machines()["n4-standard-2"].disk_type == "hyperdisk-balanced"
    assert "n4-standard" in families()
    assert not [name for shape in shapes() for name in choose(shape) if name.startswith("n4")]
