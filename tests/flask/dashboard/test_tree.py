"""Arguments and results as a tree."""

from penstock.flask.dashboard.tree import MAX_DEPTH, MAX_NODES, tree


def nested(depth):
    value = "end"
    for _ in range(depth):
        value = [value]
    return value


def count(nodes):
    return sum(1 + count(node.children) for node in nodes)


def test_a_plain_value_is_one_node():
    assert [(node.kind, node.text) for node in tree(42)] == [("number", "42")]


def test_words_of_json_are_written_as_json_has_them():
    assert [node.text for node in tree([None, True, False])] == ["null", "true", "false"]


def test_members_have_their_names_and_items_their_places():
    assert [(node.key, node.text) for node in tree({"key": "a.jpg", "widths": [320, 640]})] == [
        ("key", "a.jpg"),
        ("widths", "2 items"),
    ]


def test_a_wide_value_is_cut_with_a_word():
    nodes = tree(list(range(MAX_NODES + 7)))
    assert (len(nodes), nodes[-1].text) == (MAX_NODES + 1, "7 more members")


def test_a_deep_value_is_cut_with_a_word():
    node = tree(nested(900))[0]
    while node.children:
        node = node.children[0]
    assert node.text == "1 item, nested too deeply to be shown here"


def test_what_is_deep_and_wide_stays_within_the_budget():
    assert count(tree([[list(range(100))] * 100] * 100)) <= MAX_NODES + MAX_DEPTH
