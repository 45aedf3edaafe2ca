"""The program ``bandeau15``: its start, and nothing else.

A process that seals recordings loads this module again, and needs none of the commands.
"""

from app.loading import loading


def main() -> None:
    """Run the command line."""
    with loading():
        from app.commands import app
    app()


if __name__ == "__main__":
    main()
