"""What the journal's routes answer: events, links of the chain, signed heads."""

from typing import Any

from pydantic import BaseModel, Field


class Event(BaseModel):
    """One journal entry as a CloudEvent 1.0; `data` is the canonical payload that `nonce` opens."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    position: int
    previousdigest: str
    payloaddigest: str
    digest: str
    erased: bool = Field(description="The payload is gone for good; `nonce` and `data` are null")
    nonce: str | None = Field(description="Opens payloaddigest")
    data: dict[str, Any] | None


class Feed(BaseModel):
    """A page of the change feed."""

    items: list[Event]
    next: int = Field(description="The last position looked at: the `after` of the next request")
    head: int = Field(description="How far the journal has come")


class Link(BaseModel):
    """One link of the public chain; see the verifier for how the digests follow from each other."""

    position: int
    time: str
    service: str
    payload_digest: str
    digest: str


class Chain(BaseModel):
    """A page of the chain, complete for everybody."""

    items: list[Link]
    next: int


class SignedHead(BaseModel):
    """A head signed by its service: a compact JWS over day, digest, position and service."""

    service: str
    day: str
    position: int
    digest: str
    signature: str


class HeadView(BaseModel):
    """How far this journal has come, its signed daily heads and those it has seen of others."""

    service: str
    position: int
    digest: str
    key: dict[str, str]
    signed: SignedHead | None = Field(description="The latest daily head; null before the first day's end")
    witnessed: list[SignedHead] = Field(description="Latest heads of the journals this service follows")
