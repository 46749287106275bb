"""The settings of an endpoint, the same for all that ask one: mix :class:`EndpointSettings` into a settings class."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rad.errors import RadError
from rad.llm.client import Endpoint, checked_url
from rad.llm.constraint import Constraint
from rad.runtime.files import cache_dir


def _url_setting(url: str) -> str:
    try:
        return checked_url(url)
    except RadError as error:
        raise ValueError(str(error)) from error  # the one kind that pydantic reports as an error of the field


EndpointUrl = Annotated[str, AfterValidator(_url_setting)]
"""A setting that names an endpoint."""


class EndpointSettings(BaseModel):
    """Where the model is, how it is asked, and how long it is waited for.

    What changes no answer is excluded when settings are dumped, so it stays out of the names of runs.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    base_url: EndpointUrl | None = Field(default=None, exclude=True, description="the endpoint, http://HOST:PORT/v1")
    model: str | None = Field(default=None, description="the model's name at the endpoint")
    temperature: float | None = Field(default=0.0, ge=0, description="of sampling; null: the endpoint's default")
    max_tokens: int | None = Field(default=2000, ge=1, description="longest answer; null: the endpoint's default")
    schema_: Constraint = Field(
        default="json_schema",
        alias="schema",
        exclude=True,
        description="how answers are held to a form: json_schema, json_object, grammar or none; falls back by itself",
    )
    concurrency: int = Field(default=8, ge=1, exclude=True, description="requests under way at once")
    requests_per_minute: float | None = Field(
        default=None, gt=0, exclude=True, description="no more requests, retries included; null: no limit"
    )
    tokens_per_minute: float | None = Field(
        default=None, gt=0, exclude=True, description="no more tokens, asked and answered; null: no limit"
    )
    timeout: float = Field(default=120, gt=0, exclude=True, description="seconds to wait for the next byte")
    total_timeout: float = Field(default=600, gt=0, exclude=True, description="seconds to wait for a whole answer")
    retries: int = Field(default=5, ge=0, exclude=True, description="tries after a rate limit, error or timeout")
    price_in: float | None = Field(default=None, ge=0, exclude=True, description="price of a million prompt tokens")
    price_out: float | None = Field(default=None, ge=0, exclude=True, description="price of a million answered tokens")

    def endpoint(self, purpose: str, shorter: str, seed: int | None = None, fresh: bool = False) -> Endpoint:
        """The client of these settings; ``base_url`` and ``model`` must be there.

        Args:
            purpose: The folder of the answers under ``RAD_CACHE``.
            shorter: What shortens a prompt, for the message that one is too long.
            seed: Of the draws, where the temperature makes any: another seed is another draw.
            fresh: Ask again what is kept.
        """
        parameters = {"temperature": self.temperature, "max_tokens": self.max_tokens}
        parameters |= {"seed": seed} if self.temperature else {}
        return Endpoint(
            self.base_url or "",
            self.model or "",
            cache_dir() / purpose,
            {name: value for name, value in parameters.items() if value is not None},
            timeout=self.timeout,
            total_timeout=self.total_timeout,
            retries=self.retries,
            concurrency=self.concurrency,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
            schema=self.schema_,
            shorter=shorter,
            fresh=fresh,
        )
