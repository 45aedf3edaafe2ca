"""The LRM of a demonstration: certificates of two organisations, settings that programs read again."""

import ssl
from pathlib import Path

import pytest

from app.demo_lrm import lrm_pages, lrm_parts, with_demo_lrm
from app.settings import LrmSettings, Settings, StorageSettings

pytestmark = pytest.mark.component


def test_the_contract_is_linked_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = StorageSettings(data_dir=tmp_path)
    settings, environment = with_demo_lrm(Settings(storage=storage))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings(storage=storage).lrm == settings.lrm, "the centre's programs read the same"

    (part,) = lrm_parts(settings, "a token")
    assert lrm_pages(settings) == "http://localhost:8081"
    assert [use.port for use in part.ports] == [8081, 8446]
    told = dict(zip(part.command, part.command[1:], strict=False))
    assert told["--strip-url"] == f"https://localhost:{settings.lrm.listen_port}"
    lrm_trusts = ssl.create_default_context(cafile=told["--authority"])
    centre_trusts = ssl.create_default_context(cafile=str(settings.lrm.authority))
    assert lrm_trusts.get_ca_certs(binary_form=True) != centre_trusts.get_ca_certs(binary_form=True)
    lrm_trusts.load_cert_chain(told["--certificate"], told["--private-key"])
    again, _ = with_demo_lrm(Settings(storage=storage))
    assert again.lrm == settings.lrm


@pytest.mark.parametrize(
    ("base_url", "pages"),
    [("", ""), ("http://127.0.0.1:8090/lrm/api", "http://127.0.0.1:8090")],
)
def test_a_centre_s_own_choice_stays(tmp_path: Path, base_url: str, pages: str) -> None:
    settings = Settings(storage=StorageSettings(data_dir=tmp_path), lrm=LrmSettings(base_url=base_url))
    assert with_demo_lrm(settings) == (settings, {})
    assert lrm_pages(settings) == pages
    assert len(lrm_parts(settings, "a token")) == bool(pages)
    assert not (tmp_path / "demo-lrm").exists()
