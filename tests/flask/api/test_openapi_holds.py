"""The API holds to its own document: whatever the document allows or forbids, no request makes a server error.

``make test`` tries a few requests a route; PENSTOCK_API_REQUESTS=1000 tries so many.
"""

import logging
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from penstock.flask.api.openapi import places
from tests.flask.people import API, bearer
from tests.flask.stack import build, use

REQUESTS = int(os.environ.get("PENSTOCK_API_REQUESTS", "8"))
LABELS = [
    f"{place.method.upper()} {place.path}" for place in places(build(), "penstock_api") if place.path != "/openapi.json"
]

pytestmark = pytest.mark.timeout(120 + REQUESTS)


@pytest.fixture(scope="module")
def quiet():
    """The log lines of thousands of refusals are of no use to anybody."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def stack(quiet):
    """The operations by their labels, and what their paths may name."""
    app = build()
    known = use(app)
    schema = schemathesis.openapi.from_wsgi(f"{API}/openapi.json", app, headers=bearer("ada"))
    operations = (result.ok() for result in schema.get_all_operations())
    return {operation.label: operation for operation in operations}, known


@pytest.mark.parametrize("mode", list(GenerationMode), ids=["what-fits", "what-does-not"])
@pytest.mark.parametrize("label", LABELS)
def test_every_answer_is_one_that_the_document_names(stack, label, mode):
    operations, known = stack

    @settings(
        max_examples=REQUESTS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operations[label].as_strategy(generation_mode=mode), there=st.booleans())
    def ask(case, there):
        if there:
            case.path_parameters = {name: known[name] for name in case.path_parameters}
        response = case.call(headers=bearer("ada"))
        # Not every text that a schema allows is a filter, a cursor, or a key that was not used before.
        excluded = [positive_data_acceptance]
        # Nothing wrong may be left: a good path instead of a bad one, and an empty list that a query has no way to say.
        if there or [] in (case.query or {}).values():
            excluded.append(negative_data_rejection)
        case.validate_response(response, headers=bearer("ada"), excluded_checks=excluded)

    ask()
