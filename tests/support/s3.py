"""An S3-compatible store of the tests' own, on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3  # type: ignore[import-untyped]
from moto.server import ThreadedMotoServer

from recorder.sealing.archive import Place

BUCKET = "enregistrements"


@contextmanager
def running_s3() -> Iterator[Place]:
    """Run a store with one empty bucket; where it is."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        place = Place(
            bucket=BUCKET,
            endpoint=f"http://{host}:{port}",
            region="us-east-1",
            access_key="archive",
            secret_key="secret of the store",
            plain_http=True,
        )
        _make_bucket(place)
        yield place
    finally:
        server.stop()


def _make_bucket(place: Place) -> None:
    boto3.client(
        "s3",
        endpoint_url=place.endpoint,
        region_name=place.region,
        aws_access_key_id=place.access_key,
        aws_secret_access_key=place.secret_key,
    ).create_bucket(Bucket=place.bucket)
