"""What all sections are made of: their base, and the forms that values take."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Port = Annotated[int, Field(ge=1, le=65535)]
E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
Dialled = Annotated[str, StringConstraints(pattern=r"^(\+?[0-9]{2,15})?$")]
Address = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f.:]{2,45}$")]
AddressOrNone = Annotated[str, StringConstraints(pattern=r"^([0-9A-Fa-f.:]{2,45})?$")]
Network = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f.:]{2,45}(/[0-9]{1,3})?$")]
PhoneName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,29}$")]
CentreCode = Annotated[str, StringConstraints(pattern=r"^FR[0-9][0-9AB]{2}$")]


class Section(BaseModel):
    """Base of all sections: a name that is none is refused. A slip must not leave a default in force unseen."""

    model_config = ConfigDict(extra="forbid")
