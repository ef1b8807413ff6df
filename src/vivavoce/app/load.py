"""The calls that one process carries: how many it takes, and what it has to do with other processes at its port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette

from .http import post
from .http.admission import Admission
from .http.connections import Connections
from .http.door import Brake
from .http.marks import mark_of
from .http.neighbours import Neighbours, path_of
from .http.pulse import Pulse
from .http.remote_vault import RemoteVault
from .http.run import serve_handed
from .http.vault import Secrets, Vault
from .realtime import RealtimeCalls
from .worker import Place, Row, here


@dataclass(frozen=True, slots=True)
class Load:
    """What one process needs to carry its share."""

    connections: Connections
    vault: Secrets
    brake: Brake
    mark: str
    """How the ids of its calls begin."""
    admission: Admission
    row: Row | None
    """None where it is alone, as the place."""
    place: Place | None

    @asynccontextmanager
    async def carried(self, calls: RealtimeCalls) -> AsyncIterator[RealtimeCalls | Neighbours]:
        """The calls of all processes, while this one does its part."""
        pulse = Pulse(self.admission, lambda: len(self.connections))
        pulse.begin()
        try:
            if self.place is None:
                yield calls
                return
            orders = self.place.orders
            found = Neighbours(calls, orders.worker, orders.workers, self.place.folder)
            async with await post.listen(path_of(self.place.folder, orders.worker), found.attend) as server:
                yield found
                server.close()
        finally:
            pulse.end()

    async def serve(self, app: Starlette, place: Place, page: bool) -> None:
        """Serve what the parent hands over. `page`: callers over WebRTC have one."""

        def look(closed: int) -> None:
            if self.row is not None:
                self.row.look(closed, self.connections.busy_s > 0)

        # A worker of which the parent does not know is no use: it ends, and is replaced.
        async with asyncio.TaskGroup() as group:

            def ready() -> None:
                group.create_task(post.ask(place.parent, here(place, page)))

            await serve_handed(app, place.control, tls=place.tls, on_ready=ready, on_look=look)


def load_of(most: int, measured: bool, place: Place | None) -> Load:
    """For at most `most` connections in all processes together. `measured`: new calls are refused while those that are
    there would suffer."""
    admission = Admission()
    row = None if place is None else Row(place)
    loop = asyncio.get_running_loop()
    connections = Connections(most, row, lambda calls: admission.wait_s(loop.time(), calls) if measured else 0.0)
    if place is None:
        return Load(connections, Vault(), Brake(), "", admission, row, place)
    workers = place.orders.workers
    # Each sees its part of the attempts only.
    brake = Brake(20 / workers, 0.5 / workers)
    return Load(connections, RemoteVault(place.parent), brake, mark_of(place.orders.worker), admission, row, place)
