"""A sitting is a loop over what happens; who stops it or leaves finds everything on the disk."""

from __future__ import annotations

from liangyi.session import Began, Ended, Message, Session, Stepped


def test_what_happens_comes_in_order(small, tmp_path):
    run = small("gan").run(tmp_path / "run", steps=3)
    first, *steps, last = Session(run)
    assert first == Began(0, 3) and last == Ended(3, finished=True)
    assert [event.step for event in steps if isinstance(event, Stepped)] == [1, 2, 3]
    assert list(Session(run)) == [Began(3, 3), Ended(3, finished=True)]


def test_stopping_ends_with_the_step_that_was_made(small, tmp_path):
    # breaks when a stop between two steps makes one more
    run = small("gan").run(tmp_path / "run", steps=9, checkpoint_every=9)
    session = Session(run)
    events = []
    for event in session:
        events.append(event)
        if isinstance(event, Stepped) and event.step == 4:
            session.stop()
    assert events[-1] == Ended(4, finished=False)
    assert run.made == 4 and run.report.exists() and run.state == "stopped"


def test_stopped_before_it_began_it_makes_one_step(small, tmp_path):
    # breaks when who is told to resume it finds nothing there
    run = small("gan").run(tmp_path / "run", steps=9)
    session = Session(run)
    session.stop()
    assert [type(event) for event in session] == [Began, Stepped, Ended]
    assert run.made == 1


def test_leaving_the_loop_leaves_a_checkpoint_of_the_last_step(small, tmp_path):
    run = small("gan").run(tmp_path / "run", steps=9, checkpoint_every=9)
    for event in Session(run):
        if isinstance(event, Stepped) and event.step == 2:
            break
    assert run.made == 2 and run.report.exists()
    assert next(iter(Session(run))) == Began(2, 9)


def test_what_was_passed_over_is_told_before_it_begins(small, tmp_path):
    run = small("gan").run(tmp_path / "run", steps=4, checkpoint_every=2)
    list(Session(run))
    (run.path / "checkpoints" / "00000004" / "state.json").unlink()
    told, began, *_ = Session(run)
    assert isinstance(told, Message) and "going back" in told.text
    assert began == Began(2, 4)
