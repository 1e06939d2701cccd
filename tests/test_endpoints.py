import ast
from pathlib import Path

import pytest

import audit
from audit.endpoints import is_trusted


@pytest.mark.parametrize(
    ("host", "cloud"),
    [
        ("cbr.eu-west-101.myhuaweicloud.com", "huawei"),
        ("obs.eu-west-101.myhuaweicloud.eu", "huawei"),
        ("cbr.eu-de.otc.t-systems.com", "otc"),
        ("bucket.oss.eu-west-0.prod-cloud-ocb.orange-business.com", "flexible-engine"),
    ],
)
def test_only_the_domains_of_its_own_cloud_are_trusted(host: str, cloud: str) -> None:
    others = {"huawei", "otc", "flexible-engine"} - {cloud}

    assert is_trusted(host, cloud=cloud)
    assert not any(is_trusted(host, cloud=other) for other in others)
    assert not is_trusted(f"{host}.example.com", cloud=cloud)


def test_addresses_are_made_in_one_place_only() -> None:
    folder = Path(audit.__file__).parent
    making = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.JoinedStr) and "myhuaweicloud" in ast.unparse(node)
    }

    assert making == {"simulator/mock.py"}, "an address is made by audit.endpoints.endpoint_in"
    assert "myhuaweicloud" in (folder / "clouds.py").read_text()
