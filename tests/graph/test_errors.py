"""Programs that cannot be evaluated: one clear error, never a traceback."""

import signal
import time

import psutil
import pytest

from mlplatform.graph import EvaluationError, Source, evaluate, evaluate_all, evaluate_each

FAILING = "tests/graph/programs/failing/__main__.py"


@pytest.mark.parametrize(
    ("case", "reason", "line"),
    [
        ("with_exception", "ValueError: the moon is in the wrong house", 'raise ValueError("the moon'),
        ("with_exit", "the program ended itself with status 3", "sys.exit(3)"),
        ("in_apply", "ValueError: invalid literal for int() with base 10: 'x'", "return int(text)"),
        ("after_printing", "RuntimeError", "raise RuntimeError"),
        ("with_import", "ModuleNotFoundError: No module named 'does_not_exist'", "importlib.import_module("),
        ("no_such_case", "KeyError: 'no_such_case'", "globals()["),
    ],
)
def test_an_exception_is_told_with_its_place(fail, line_of, case, reason, line):
    error = fail("failing", config={"case": case})
    number = line_of("failing", line)
    assert error.message == f"test: {reason} at {FAILING}:{number}"
    assert error.reason == reason
    assert error.source == Source(FAILING, number)
    assert error.environment == "test"
    assert "Traceback" not in error.message
    assert "Traceback" in error.details


def test_an_input_that_cannot_be_sent_is_told_by_resource(fail):
    error = fail("failing", config={"case": "with_unserializable_input"})
    assert error.reason == (
        "the resource settings (kubernetes:core/v1:ConfigMap): unexpected input of type object for when in ConfigMap"
    )


def test_the_problems_of_the_settings_pass_through_whole(fail):
    error = fail("failing", config={"case": "with_problems"})
    assert error.problems == ("file.yaml:1: a: bad", "file.yaml:2: b: worse")
    assert error.message == "test:\nfile.yaml:1: a: bad\nfile.yaml:2: b: worse"


def test_problems_that_cannot_be_handed_over_come_as_texts(fail):
    (problem,) = fail("failing", config={"case": "with_problems_that_cannot_be_pickled"}).problems
    assert "with_problems_that_cannot_be_pickled.<locals>.<lambda>" in problem


def test_what_the_program_printed_is_kept_apart(fail, capfd):
    error = fail("failing", config={"case": "after_printing"})
    assert error.output == "hello from the program\nand from its other stream\n"
    assert "hello" not in error.message
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_two_resources_of_one_urn_are_refused_with_both_places(fail):
    error = fail("duplicate")
    program = "tests/graph/programs/duplicate/__main__.py"
    assert error.message == (
        "test: two resources have the URN urn:pulumi:test::mlplatform::kubernetes:core/v1:ConfigMap::settings "
        f"(the first is at {program}:5) at {program}:6"
    )


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("signal", "the program's process was ended by SIGKILL, probably for lack of memory"),
        ("exit", "the program ended its process with status 7"),
    ],
)
def test_a_process_that_dies_is_told(fail, case, reason):
    error = fail("ending", config={"case": case})
    assert error.message == f"test: {reason}"
    assert error.output == "", "what it printed could not be searched for secrets"


def test_a_program_that_does_not_end_is_stopped(make_request):
    started = time.monotonic()
    with pytest.raises(EvaluationError, match=r"did not end within 0\.5 s and was stopped"):
        evaluate(make_request("ending", config={"case": "sleep"}), timeout=0.5)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (
            "unlisted",
            "the program calls the provider function aws:index/getRegion:getRegion, for which no answer is known",
        ),
        (
            "stack-reference",
            "the stack reference 'acme/network/prod' reads another stack, whose outputs are not known here",
        ),
        ("exists", "the program asks whether the test:index:Thing 'id' exists, which only its provider knows"),
        ("call", "the program calls the resource method test:index:Thing/method, which only its provider can answer"),
    ],
)
def test_what_only_a_provider_can_answer_is_refused(fail, case, reason):
    assert fail("invokes", config={"case": case}).reason == reason


def test_an_interruption_leaves_no_process(make_request):
    def interrupt(_number, _frame):
        raise KeyboardInterrupt

    def children():
        return {process.pid for process in psutil.Process().children()}

    others = children()
    before = signal.signal(signal.SIGALRM, interrupt)
    requests = [make_request("ending", name, config={"case": "sleep"}) for name in ("one", "two")]
    evaluate(make_request("basic"))
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(KeyboardInterrupt):
            evaluate_all(requests, workers=2)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert children() == others


def test_errors_of_several_environments_are_told_together(make_request, line_of):
    requests = [
        make_request("failing", "one", config={"case": "with_exception"}),
        make_request("basic", "two"),
        make_request("failing", "three", config={"case": "with_exit"}),
    ]
    results = evaluate_each(requests)
    assert [type(result).__name__ for result in results.values()] == [
        "EvaluationError",
        "Evaluation",
        "EvaluationError",
    ]
    with pytest.raises(EvaluationError) as caught:
        evaluate_all(requests)
    assert caught.value.message.splitlines() == [
        f"one: ValueError: the moon is in the wrong house at {FAILING}:{line_of('failing', 'the moon is')}",
        f"three: the program ended itself with status 3 at {FAILING}:{line_of('failing', 'sys.exit(3)')}",
    ]
    assert str(caught.value) == caught.value.message


def test_a_program_that_is_not_there_is_an_error(make_request, tmp_path):
    request = make_request("basic")
    with pytest.raises(EvaluationError, match="nowhere"):
        evaluate(type(request)("test", {}, tmp_path / "nowhere"))


def test_a_schema_directory_that_is_not_there_is_an_error(fail, tmp_path):
    assert fail("basic", schemas=tmp_path / "none").reason == f"the schema directory {tmp_path}/none does not exist"
