"""The names of what the settings do not name, from those of the queues."""

import pytest

from penstock.doctor import Names, usual_names
from penstock.settings import QueueSettings, Settings

ACCOUNT = "https://sqs.eu-central-1.amazonaws.com/123456789012"


@pytest.mark.parametrize(
    ("queues", "names"),
    [
        ({"default": "shop-prod-default"}, Names("shop-prod-reconciler", "shop-prod-web")),
        (
            {"default": "shop-prod-default", "orders": "shop-prod-orders.fifo"},
            Names("shop-prod-reconciler", "shop-prod-web"),
        ),
        ({"default": "shop-prod-default", "images": "shop-dev-images"}, Names(None, None)),
        ({"default": "all-our-tasks"}, Names(None, None)),
        ({"default": "default"}, Names(None, None)),
        ({}, Names(None, None)),
    ],
)
def test_terraform_s_names_are_known_by_the_queues(queues: dict[str, str], names: Names) -> None:
    settings = Settings({name: QueueSettings(name, f"{ACCOUNT}/{physical}") for name, physical in queues.items()})
    assert usual_names(settings) == names
