"""What handsets send, to a centre that is served."""

from datetime import datetime
from urllib.parse import urlencode

import httpx2

TOKEN = "un jeton pour les essais seulement"


async def handset_says(
    url: str, number: str, latitude: float, longitude: float, radius: float, at: datetime
) -> int:
    """Send a handset's form; the status of the answer."""
    form = {
        "v": "1",
        "emergency_number": "15",
        "device_number": number,
        "location_latitude": f"{latitude:.5f}",
        "location_longitude": f"{longitude:.5f}",
        "location_accuracy": str(radius),
        "location_time": str(int(at.timestamp() * 1000)),
    }
    headers = {b"Authorization": f"Bearer {TOKEN}".encode()}
    async with httpx2.AsyncClient(base_url=url) as http:
        return (await http.post("/aml/v1/https", content=urlencode(form).encode(), headers=headers)).status_code
