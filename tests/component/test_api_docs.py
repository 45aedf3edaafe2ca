"""What the documentation says of the API: its commands are run, its descriptions are those served."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from lrm_bridge.api.documents import asyncapi
from lrm_bridge.api.kinds import KINDS
from setup.places import CHECKOUT
from tests.support.api import AGENT, api_centre, description

pytestmark = pytest.mark.component

PAGE = CHECKOUT / "docs" / "how-to" / "use-the-api.md"
SERVED = CHECKOUT / "docs" / "api"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def documents(text: str) -> list[dict[str, Any]]:
    """The JSON objects in a text, whatever is between them."""
    found, at = [], text.find("{")
    while at >= 0:
        document, end = json.JSONDecoder().raw_decode(text, at)
        found.append(document)
        at = text.find("{", end)
    return found


async def test_the_quick_start_works_as_it_stands(tmp_path: Path) -> None:
    """All of its commands in one shell, one after the other; then its program."""
    async with api_centre(tmp_path) as centre:
        centre.agent()
        config = tmp_path / "centre.toml"
        config.write_text(f'[storage]\ndata_dir = "{tmp_path}"\n')
        environment = {
            **os.environ,
            "BANDEAU15_CONFIG": str(config),
            "CENTRE": centre.url,
            "AGENT": quote(AGENT, safe=""),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(CHECKOUT),
        }
        script = tmp_path / "listen.py"
        program, _ = blocks("python")
        script.write_text(program)
        shell = "\necho\n".join([*blocks("sh"), f"export TOKEN\npython {script}"])
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", shell),
            env=environment,
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, err.decode()
        answers = documents(out.decode())
        call = next(each for each in answers if "result" in each)
        assert (call["result"], call["dossier_id"]) == ("calling", "D261122-0007")
        assert any(each.get("secret", "").startswith("whsec_") for each in answers)
        assert out.decode().rstrip().endswith("1 live calls")


@pytest.mark.parametrize("name", ["openapi", "asyncapi"])
def test_the_descriptions_kept_are_those_served(name: str) -> None:
    """``python -m tests.component.test_api_docs`` writes them anew."""
    assert json.loads((SERVED / f"{name}.json").read_text()) == _served()[name]


def test_every_event_is_in_the_description() -> None:
    messages = asyncapi()["components"]["messages"].values()
    assert set(KINDS) < {each["name"] for each in messages}


def _served() -> dict[str, object]:
    made: dict[str, object] = json.loads(json.dumps({"openapi": description(), "asyncapi": asyncapi()}))
    return made


if __name__ == "__main__":
    for name, document in _served().items():
        (SERVED / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
