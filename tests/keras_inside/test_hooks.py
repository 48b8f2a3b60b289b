from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from dropviz.keras_inside import hooks


class Parent:
    def inherited(self, number: int) -> int:
        return number


class Child(Parent):
    def own(self, number: int, *, twice: bool = False) -> int:
        """Doubles a number or not."""
        return 2 * number if twice else number

    def fails(self) -> None:
        raise LookupError


OWN = vars(Child)["own"]
METHODS = ["own", "inherited"]


def silent(*_: Any, **__: Any) -> None:
    pass


@pytest.mark.parametrize("method", METHODS)
def test_a_listener_hears_each_call_and_its_arguments(method: str) -> None:
    heard: list[tuple[Any, ...]] = []
    child = Child()

    with hooks.before(Child, method, lambda *args: heard.append(args)):
        answers = [getattr(child, method)(number) for number in (1, 2)]

    assert heard == [(child, 1), (child, 2)]
    assert answers == [1, 2]


def test_a_listener_hears_keywords() -> None:
    heard: list[dict[str, Any]] = []

    with hooks.before(Child, "own", lambda *_, **kwargs: heard.append(kwargs)):
        Child().own(1, twice=True)

    assert heard == [{"twice": True}]


@pytest.mark.parametrize("method", METHODS)
def test_a_later_listener_hears_what_came_of_a_call(method: str) -> None:
    heard: list[tuple[Any, ...]] = []
    child = Child()

    with (
        hooks.before(Child, method, lambda its, number: ((its, number + 1), {})),
        hooks.after(Child, method, lambda *args: heard.append(args)),
    ):
        getattr(child, method)(1)

    assert heard == [(2, child, 2)]
    assert vars(Child)["own"] is OWN
    assert "inherited" not in vars(Child)


def test_of_a_call_that_fails_a_later_listener_hears_nothing() -> None:
    heard: list[tuple[Any, ...]] = []

    with hooks.after(Child, "fails", lambda *args: heard.append(args)), suppress(LookupError):
        Child().fails()

    assert heard == []


def test_the_class_is_whole_once_both_kinds_of_listeners_have_gone_in_any_order() -> None:
    first, second = hooks.after(Child, "own", silent), hooks.before(Child, "own", silent)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert vars(Child)["own"] is not OWN
    second.__exit__(None, None, None)
    assert vars(Child)["own"] is OWN


@pytest.mark.parametrize("wrapped", [True, False], ids=["a wrapper", "another function"])
@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_somebody_puts_there_meanwhile_stays(
    method: str, monkeypatch: pytest.MonkeyPatch, *, wrapped: bool
) -> None:
    def mine(_: Child, number: int) -> int:
        return 10 * number

    with hooks.before(Child, method, silent):
        theirs = functools.wraps(getattr(Child, method))(mine) if wrapped else mine
        monkeypatch.setattr(Child, method, theirs, raising=False)

    assert vars(Child)[method] is theirs
    assert getattr(Child(), method)(2) == 20
    monkeypatch.undo()
    if method == "own":
        Child.own = OWN  # type: ignore[method-assign]
    elif method in vars(Child):
        delattr(Child, method)
    with hooks.before(Child, method, silent):
        assert getattr(Child(), method)(2) == 2
    assert vars(Child)["own"] is OWN


@pytest.mark.parametrize("kind", [hooks.before, hooks.after])
def test_what_somebody_wraps_meanwhile_is_heard_once_and_after_the_block_not_at_all(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    first, second = (lambda *_, name=name: heard.append(name) for name in ("first", "second"))
    with kind(Child, "own", first):
        hooked = Child.own
        monkeypatch.setattr(Child, "own", lambda child, number: hooked(child, number + 0))
        Child().own(1)
    Child().own(1)
    assert heard == ["first"]

    with kind(Child, "own", second):
        Child().own(1)

    assert heard == ["first", "second"]
    monkeypatch.undo()
    Child.own = OWN  # type: ignore[method-assign]


def test_a_listener_may_change_the_arguments() -> None:
    with hooks.before(Child, "own", lambda child, number: ((child, number + 1), {"twice": True})):
        assert Child().own(1) == 4


def test_listeners_change_the_arguments_one_after_the_other() -> None:
    with ExitStack() as stack:
        for step in (1, 10):
            stack.enter_context(
                hooks.before(
                    Child, "own", lambda child, number, s=step: ((child, number * 2 + s), {})
                )
            )
        assert Child().own(1) == (1 * 2 + 1) * 2 + 10


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_class_is_as_it_was_in_whatever_order_blocks_end(
    order: tuple[int, ...], method: str
) -> None:
    blocks = [ExitStack() for _ in order]
    for block in blocks:
        block.enter_context(hooks.before(Child, method, silent))
    for number in order:
        blocks[number].close()

    assert vars(Child)["own"] is OWN
    assert "inherited" not in vars(Child)


def test_a_listener_hears_no_more_once_its_block_has_ended() -> None:
    heard: list[str] = []
    first, second = ExitStack(), ExitStack()
    first.enter_context(hooks.before(Child, "own", lambda *_: heard.append("first")))
    second.enter_context(hooks.before(Child, "own", lambda *_: heard.append("second")))

    Child().own(1)
    first.close()
    Child().own(1)
    second.close()
    Child().own(1)

    assert heard == ["first", "second", "second"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_class_is_as_it_was_after_an_error_in_the_block(error: type[BaseException]) -> None:
    with pytest.raises(error), hooks.before(Child, "own", silent):
        raise error

    assert vars(Child)["own"] is OWN


def test_an_error_in_the_method_is_its_own() -> None:
    with hooks.before(Child, "fails", silent), pytest.raises(LookupError):
        Child().fails()


def test_a_class_that_inherits_is_heard_too_and_one_above_is_not() -> None:
    heard: list[object] = []

    class Grandchild(Child):
        pass

    with hooks.before(Child, "inherited", lambda child, _: heard.append(type(child))):
        Parent().inherited(1)
        Grandchild().inherited(1)

    assert heard == [Grandchild]


def test_a_hooked_method_keeps_its_name_and_words() -> None:
    with hooks.before(Child, "own", silent):
        assert (Child.own.__name__, Child.own.__doc__) == ("own", OWN.__doc__)


def test_a_bound_method_kept_beyond_the_block_calls_no_listener() -> None:
    heard: list[object] = []
    with hooks.before(Child, "own", lambda *_: heard.append(_)):
        kept: Callable[[int], int] = Child().own

    assert kept(3) == 3
    assert heard == []


def test_blocks_in_many_threads_leave_the_class_as_it_was() -> None:
    def often() -> None:
        for _ in range(200):
            with hooks.before(Child, "own", silent):
                Child().own(1)

    threads = [threading.Thread(target=often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert vars(Child)["own"] is OWN


def test_a_listener_does_not_hear_the_calls_of_another_thread() -> None:
    heard: list[int] = []
    answers: list[int] = []
    with hooks.before(Child, "own", lambda _, number: heard.append(number)):
        other = threading.Thread(target=lambda: answers.append(Child().own(1)))
        other.start()
        other.join()
        Child().own(2)

    assert (heard, answers) == ([2], [1])


def test_threads_that_listen_at_once_hear_their_own_calls_each() -> None:
    both = threading.Barrier(2)
    heard: dict[int, list[int]] = {1: [], 2: []}

    def listen(number: int) -> None:
        with hooks.before(Child, "own", lambda _, given: heard[number].append(given)):
            both.wait()
            Child().own(number)
            both.wait()

    threads = [threading.Thread(target=listen, args=(number,)) for number in heard]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert heard == {1: [1], 2: [2]}
    assert vars(Child)["own"] is OWN


def test_a_listener_that_changes_arguments_leaves_those_of_another_thread() -> None:
    answers: list[int] = []
    with hooks.before(Child, "own", lambda child, number: ((child, number + 1), {})):
        other = threading.Thread(target=lambda: answers.append(Child().own(1)))
        other.start()
        other.join()
        answers.append(Child().own(1))

    assert answers == [1, 2]


@pytest.mark.parametrize(("method", "raised"), [("own", None), ("fails", LookupError)])
def test_a_call_runs_inside_a_context_however_it_ends(
    method: str, raised: type[Exception] | None
) -> None:
    seen: list[str] = []

    @contextmanager
    def context() -> Iterator[None]:
        seen.append("begins")
        try:
            yield
        finally:
            seen.append("ends")

    arguments = (3,) if method == "own" else ()
    with hooks.inside(Child, method, context):
        with suppress(raised) if raised else ExitStack():
            getattr(Child(), method)(*arguments)
        assert seen == ["begins", "ends"]
    with suppress(LookupError):
        getattr(Child(), method)(*arguments)
    assert seen == ["begins", "ends"]
    assert vars(Child)["own"] is OWN


def test_the_home_of_a_method_is_where_it_is_written_down() -> None:
    assert hooks.home_of(Child, "own") is Child
    assert hooks.home_of(Child, "inherited") is Parent
