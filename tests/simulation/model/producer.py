"""The producer: send first, then record if absent. Whose reply is lost sends again, with a fresh send_id."""

from collections.abc import Iterator

from tests.simulation.model.state import Script, State
from tests.simulation.model.steps import By, Setting, Step, sent, written


def steps(setting: Setting, state: State) -> Iterator[Step]:
    """The next call of an enqueue."""
    calls, (at, tries, *_) = setting.rules.enqueue, state.producer
    if at == len(calls):
        return
    ended = state._replace(producer=Script(len(calls)))
    if calls[at] == "record":
        recording = state._replace(producer=Script(at + 1, tries))
        yield written("producer records", recording, "queued", setting.table.write("queued", state.row))
    else:
        taken = sent(state, state.fresh_send() if setting.rules.fresh_send_ids else 0)
        yield Step("producer sends", By.NATURE, taken._replace(producer=Script(at + 1, tries - 1)))
        if setting.faults.lost_replies:
            again = Script(at, tries - 1) if tries > 1 else ended.producer  # else EnqueueUncertain
            yield Step("producer sends, reply lost", By.FAULT, taken._replace(producer=again))
            yield Step("producer's send is lost", By.FAULT, state._replace(producer=again))
    if setting.faults.crashes:
        yield Step("producer ends", By.FAULT, ended)
