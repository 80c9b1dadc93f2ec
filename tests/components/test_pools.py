import pytest

from components.contracts import POOL_LABEL, PURPOSE_LABEL, PoolPurpose
from components.pools import node_labels, node_taints, placement, pool_facts
from tests.components.pool_examples import pool_args

OWN_TAINT = {"key": POOL_LABEL, "value": "scoring", "effect": "NoSchedule"}


def test_nodes_carry_the_pools_name_and_purpose_over_any_label_of_the_same_key() -> None:
    labels = node_labels("scoring", pool_args(labels={"tier": "gold", POOL_LABEL: "forged"}))
    assert labels == {"tier": "gold", POOL_LABEL: "scoring", PURPOSE_LABEL: "scoring"}


@pytest.mark.parametrize("purpose", [purpose for purpose in PoolPurpose if purpose is not PoolPurpose.SYSTEM])
def test_every_pool_but_system_keeps_other_pods_away(purpose: PoolPurpose) -> None:
    assert node_taints("scoring", pool_args(purpose=purpose)) == [OWN_TAINT]


def test_a_system_pool_takes_pods_that_select_nothing() -> None:
    assert node_taints("system", pool_args(purpose=PoolPurpose.SYSTEM)) == []


def test_pods_that_select_a_pool_tolerate_all_of_its_taints() -> None:
    declared = {"key": "dedicated", "value": "night", "effect": "NoExecute"}
    facts = pool_facts("scoring", pool_args(taints=[declared]))
    assert placement(facts) == {
        "nodeSelector": {POOL_LABEL: "scoring"},
        "tolerations": [{**OWN_TAINT, "operator": "Equal"}, {**declared, "operator": "Equal"}],
    }


@pytest.mark.parametrize(
    ("changes", "gpus"), [({}, 0), ({"gpu": {"model": "nvidia-l4", "count": 2.0}}, 2)], ids=["without", "with"]
)
def test_facts_tell_size_and_gpus_as_whole_numbers(changes: dict[str, object], gpus: int) -> None:
    facts = pool_facts("scoring", pool_args(max_nodes=7.0, **changes))
    assert (facts["name"], facts["max_nodes"], facts["gpus_per_node"]) == ("scoring", 7, gpus)
    assert all(isinstance(facts[key], int) for key in ("max_nodes", "gpus_per_node"))
