"""Two AuthZEN clients that are not ours, `apparitor` and `decern`, ask the demo at the address that is given."""

import asyncio
import sys

from apparitor.client import AuthZENClient
from apparitor.config import ScannerConfig
from apparitor.errors import AuthZENClientError
from apparitor.models import (
    Action,
    BatchEvaluationRequest,
    EvaluationItem,
    EvaluationRequest,
    EvaluationSemantic,
    EvaluationsOptions,
    Resource,
    Subject,
)
from decern.client import Client, DecernError

USER = "5ea1d000-0000-4000-8000-000000000001"
CLAIMS = "ske-krav-og-betalinger"
# The demo's six clients, and whether its system user may read their tax claims.
CLIENTS = {
    "312002744": True,
    "312004119": False,
    "312005018": False,
    "312005123": False,
    "312005239": False,
    "312005344": False,
}
TOKEN = "demo-resource-api"


def same(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: {got!r}, and expected is {expected!r}")


def ask_with_decern(url):
    client = Client(url, token=TOKEN)
    same("decern: healthy", client.healthy(), True)
    for org, permit in CLIENTS.items():
        asked = ({"type": "systemuser", "id": USER}, "read", {"type": CLAIMS, "id": org})
        same(f"decern: {org}", client.evaluate(*asked).allowed, permit)
        told = client.evaluate(*asked, context={"explain": True})
        code = told.context["code"]
        same(f"decern: {org} explained", (told.allowed, code == "permit"), (permit, permit))
    for token, status in (("nobody", 401), ("demo-vendor", 403)):
        try:
            Client(url, token=token).evaluate(*asked)
        except DecernError as error:
            same(f"decern: {token}", error.status_code, status)
        else:
            sys.exit(f"decern: {token} was answered")


def apparitor(url, token):
    return AuthZENClient(
        ScannerConfig(
            pdp_url=url,
            allow_insecure_pdp=True,
            max_retries=0,
            default_headers={"Authorization": f"Bearer {token}"},
        )
    )


async def ask_with_apparitor(url):
    subject = Subject(type="systemuser", id=USER)
    action = Action(name="read")

    def resource(org):
        return Resource(type=CLAIMS, id=org, properties={"colour": "red"})

    async with apparitor(url, TOKEN) as client:
        for org, permit in CLIENTS.items():
            request = EvaluationRequest(subject=subject, action=action, resource=resource(org))
            same(f"apparitor: {org}", (await client.evaluate(request)).decision, permit)
        for semantic, expected in (
            (EvaluationSemantic.EXECUTE_ALL, list(CLIENTS.values())),
            (EvaluationSemantic.DENY_ON_FIRST_DENY, [True, False]),
            (EvaluationSemantic.PERMIT_ON_FIRST_PERMIT, [True]),
        ):
            batch = BatchEvaluationRequest(
                subject=subject,
                action=action,
                evaluations=[EvaluationItem(resource=resource(org)) for org in CLIENTS],
                options=EvaluationsOptions(evaluations_semantic=semantic),
            )
            answer = await client.evaluate_batch(batch)
            decided = [one.decision for one in answer.evaluations]
            same(f"apparitor: {semantic.value}", decided, expected)
    async with apparitor(url, "nobody") as client:
        try:
            await client.evaluate(request)
        except AuthZENClientError as error:
            same("apparitor: nobody", error.status_code, 401)
        else:
            sys.exit("apparitor: nobody was answered")


if __name__ == "__main__":
    ask_with_decern(sys.argv[1])
    asyncio.run(ask_with_apparitor(sys.argv[1]))
    print("apparitor and decern are answered as they expect")
