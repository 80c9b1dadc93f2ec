import pytest

from components.quantities import cpu, memory


@pytest.mark.parametrize(
    ("cores", "quantity"),
    [(1, "1"), (16.0, "16"), (0.5, "500m"), (1.5, "1500m"), (0.1, "100m"), (0.0001, "1m"), (2.0004, "2001m")],
)
def test_cpu_is_exact_to_a_thousandth_and_never_rounded_down(cores: float, quantity: str) -> None:
    assert cpu(cores) == quantity


@pytest.mark.parametrize(
    ("gib", "quantity"),
    [(1, "1Gi"), (64.0, "64Gi"), (0.5, "512Mi"), (0.1, "103Mi"), (1.25, "1280Mi"), (2048, "2048Gi")],
)
def test_memory_is_in_whole_mebibytes_and_never_rounded_down(gib: float, quantity: str) -> None:
    assert memory(gib) == quantity
