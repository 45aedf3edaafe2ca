"""The centre of a fault run: one whose every part can be hurt."""

from app.settings import OutgoingSettings, RoomSettings
from core.words import Role
from tests.support.centre_process import CentreProcess, Person

OPERATOR = ("127.0.0.1", 5090)
PLAN = """
salle de secours: "15"
salles:
  "15": {niveau: FO1, rôles: [arm, superviseur]}
  park: {niveau: FO1, rôles: [arm, superviseur], mode: manuel}
lignes: {"2": {flux: "15", parcours: direct}, autres: {flux: "15", parcours: accueil}}
parcours:
  accueil: {étapes: {accueil: {annonce: welcome, puis: attente}, attente: {salle: "15"}}}
  direct: {étapes: {attente: {salle: "15"}}}
"""
"""A welcome, then the room; the line 2 goes straight there. A room to park callers in."""
DIRECT, USUAL = "2", "15"
"""Lines."""
MORE_AGENTS = (
    Person("arm3", "Alix Durand", "899700000003"),
    Person("arm4", "Claude Moreau", "899700000004"),
)


ON_THE_WALL = Person("mur", "Grand écran", "899700000008", Role.SUPERVISOR)
"""The account of the wallboard."""


class HurtCentre(CentreProcess):
    """A centre with the plan, the agents and the operator of a fault run."""

    def __init__(self, database_url: str = "", *, launched: bool = False, standby: bool = False) -> None:
        super().__init__(
            room=RoomSettings(offer_seconds=120, wrap_up_seconds=0.5),
            plan=PLAN,
            outgoing=OutgoingSettings(host=OPERATOR[0], port=OPERATOR[1], presented="+33144000015"),
            database_url=database_url,
            launched=launched,
            standby=standby,
        )

    async def staff(self) -> None:
        """Give the further agents their accounts."""
        for person in (*MORE_AGENTS, ON_THE_WALL):
            await self.add(person)
