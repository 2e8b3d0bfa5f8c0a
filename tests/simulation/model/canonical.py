"""One name for states that differ only in names: the order of the workers, unused send times, send ids."""

from tests.simulation.model.state import Message, State, Worker


def canonical(state: State) -> State:
    """``state`` with send times and send ids renumbered from 0, and everything that has no order sorted."""
    row, queue, dead_letters, workers, producer, canceller, operator, reconciler, history = state
    messages = state.messages()
    ranks = {message.sent for message in messages}
    granted = tuple(sorted(ranks.intersection(history.granted)))  # of messages that nobody knows, nobody will ask
    ranks.update([message.id for message in messages])
    sends = {message.send: None for message in sorted(messages)}
    if row is not None:
        ranks.update([rank for rank in (row.sent, row.message) if rank is not None])
        sends = sends if row.send is None else {row.send: None, **sends}
    if max(ranks, default=-1) >= len(ranks) or list(sends) != list(range(len(sends))):
        return canonical(_renumbered(state, sorted(ranks), list(sends)))
    return State(
        row,
        _sorted(queue),
        _sorted(dead_letters),
        tuple(sorted(workers, key=_order)),
        producer,
        canceller,
        operator,
        reconciler,
        history if granted == history.granted else history._replace(granted=granted),
    )


def _renumbered(state: State, ranks: list[int], sends: list[int]) -> State:
    rank: dict[int | None, int] = {old: new for new, old in enumerate(ranks)}
    send: dict[int | None, int] = {old: new for new, old in enumerate(sends)}

    def renumbered(message: Message) -> Message:
        return Message(rank[message.sent], rank[message.id], send[message.send], message.after, message.origin)

    row, history = state.row, state.history
    if row is not None:
        row = row._replace(send=send.get(row.send), sent=rank.get(row.sent), message=rank.get(row.message))
    granted = tuple(rank[sent] for sent in history.granted if sent in rank)
    return state.mapped(renumbered)._replace(row=row, history=history._replace(granted=granted))


def _sorted(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(sorted(messages)) if len(messages) > 1 else messages


def _order(worker: Worker) -> tuple[object, ...]:
    return (worker.phase, worker.message or (), *worker[2:])
