from datetime import UTC, datetime

import pytest

from mlplatform.local.score import Moment, ScoreResult, count_indexes, job_of, run_name


def cron_job():
    container = {
        "name": "score",
        "env": [{"name": "MLPLATFORM_SHARDS", "value": "100"}, {"name": "OTHER", "value": "1"}],
    }
    spec = {
        "completions": 100,
        "parallelism": 50,
        "maxFailedIndexes": 5,
        "completionMode": "Indexed",
        "template": {"spec": {"containers": [container]}},
    }
    return {
        "metadata": {"name": "churn-daily", "namespace": "team-churn", "uid": "u"},
        "spec": {"suspend": True, "jobTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": spec}},
    }


def test_a_run_is_the_job_that_the_template_describes():
    job = job_of(cron_job(), "churn-daily-1", None)
    assert job["spec"] == cron_job()["spec"]["jobTemplate"]["spec"]
    assert job["metadata"]["labels"] == {"a": "b"}
    assert job["metadata"]["ownerReferences"][0]["kind"] == "CronJob"
    assert "suspend" not in job["spec"]


@pytest.mark.parametrize(("shards", "parallelism", "failed"), [(3, 3, 3), (60, 50, 5), (1000, 50, 5)])
def test_another_number_of_shards_reaches_everything_that_depends_on_it(shards, parallelism, failed):
    original = cron_job()
    spec = job_of(original, "j", shards)["spec"]
    assert (spec["completions"], spec["parallelism"], spec["maxFailedIndexes"]) == (shards, parallelism, failed)
    assert spec["template"]["spec"]["containers"][0]["env"] == [
        {"name": "MLPLATFORM_SHARDS", "value": str(shards)},
        {"name": "OTHER", "value": "1"},
    ]
    assert original == cron_job()


def test_names_of_runs_leave_room_for_the_indexes_of_their_pods():
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert run_name("churn-daily", now) == "churn-daily-20260102-030405"
    long = run_name("a" * 35 + "-" + "b" * 20, now)
    assert long == "a" * 35 + "-20260102-030405"
    assert len(run_name("a" * 52, now)) == 52


@pytest.mark.parametrize(("ranges", "count"), [("", 0), ("7", 1), ("1,3-5,9", 5), ("0-99", 100)])
def test_indexes_are_counted(ranges, count):
    assert count_indexes(ranges) == count


def test_the_timeline_of_nodes_has_only_changes():
    moments = [(0.0, 0, 9), (1.0, 3, 9), (2.0, 3, 5), (3.0, 4, 0), (9.0, 0, 0)]
    timeline = tuple(Moment(at, nodes, nodes, active, 0, 0, 0) for at, nodes, active in moments)
    result = ScoreResult("j", "n", "p", 9, True, "", 9, "", 3.0, 9.0, timeline)
    assert result.node_counts() == [(0.0, 0), (1.0, 3), (3.0, 4), (9.0, 0)]
    assert max(count for _, count in result.node_counts()) == 4
