"""Makes ``communes.tsv`` anew, from two published data sets (see ``communes.md``).

Run it as ``python -m location.build_communes CITIES500 COMMUNES``, with the JSON files of those packages. A
place of GeoNames is kept where INSEE knows a commune of that name in that region; the department is INSEE's.
"""

import json
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

OVERSEAS: Final = {
    "GP": "971",
    "MQ": "972",
    "GF": "973",
    "RE": "974",
    "PM": "975",
    "YT": "976",
    "BL": "977",
    "MF": "978",
    "WF": "986",
    "PF": "987",
    "NC": "988",
}
"""Country codes of GeoNames → departments and collectivities."""


def key_of(name: str) -> str:
    """A name without what writers differ in: accents, hyphens, apostrophes, ligatures, capitals."""
    plain = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "Oe"))
    return "".join(letter for letter in plain.casefold() if letter.isalnum())


def lines(cities: dict[str, Any], communes: list[dict[str, Any]]) -> list[str]:
    """One line a commune, the most peopled first: name, department, latitude, longitude, inhabitants."""
    known: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for commune in communes:
        department = commune.get("departement") or commune.get("collectiviteOutremer", {}).get("code", "")
        where = department if len(department) == 3 else str(commune.get("region", ""))
        known[where, key_of(commune["nom"])].append({**commune, "in": department})
    rows: dict[tuple[str, str], tuple[int, str]] = {}
    for city in cities.values():
        code = city["countrycode"]
        where = city["admin1code"] if code == "FR" else OVERSEAS.get(code, "")
        alike = known.get((where, key_of(city["name"])), [])
        if not where or not alike:
            continue
        people = int(city["population"])
        commune = min(alike, key=lambda each: abs(int(each.get("population", 0)) - people))
        row = f"{commune['nom']}\t{commune['in']}\t{city['latitude']:.4f}\t{city['longitude']:.4f}\t{people}"
        place = (commune["nom"], commune["in"])
        rows[place] = max(rows.get(place, (-1, "")), (people, row))
    return [row for _, row in sorted(rows.values(), key=lambda each: (-each[0], each[1]))]


if __name__ == "__main__":
    cities_file, communes_file = map(Path, sys.argv[1:])
    written = lines(json.loads(cities_file.read_text()), json.loads(communes_file.read_text()))
    Path(__file__).with_name("communes.tsv").write_text("\n".join(written) + "\n")
    print(len(written), "communes")
