"""Acts of the blocks that open, close and look at a stream."""

from __future__ import annotations

from tests.guide.acts.words import EPOCH_MS, HELLO, is_message
from tests.guide.scene import SOURCE, Scene, must
from tests.guide.stage import PASSWORD

# Heartbeats come each 30 s; what follows is the longest wait that a slow machine may make of it.
HEARTBEAT_S = 90.0


async def basic_connection(scene: Scene) -> None:
    """It connects, a message arrives in its listener, and after a restart it is there again by itself."""
    await scene.run()
    await scene.saw("console.log", "✅ Connected to SSE")
    await scene.stage.send(scene.stage.jane, scene.user, HELLO)
    await scene.saw("console.log", "New message:", is_message(scene, HELLO))
    scene.never("console.error")
    await scene.drop()
    await scene.saw("console.error", "❌ SSE Error:")
    await scene.saw("console.log", "✅ Connected to SSE", times=2)
    await scene.stage.send(scene.stage.jane, scene.user, "after the restart")
    await scene.saw("console.log", "New message:", is_message(scene, "after the restart"))
    must(len(scene.seen("console.log", "New message:")) == 2, "a message came twice")


async def close(scene: Scene) -> None:
    """An open stream is closed for good."""
    await scene.look(f"(() => {{ {SOURCE} }})()")
    await scene.connected()
    await scene.run()
    must(await scene.look("eventSource.readyState") == 2, "the stream is not closed")


async def public_endpoint(scene: Scene) -> None:
    """Five events without a token, then the end."""
    await scene.run(keep="eventSource")
    await scene.saw("console.log", "Test complete")
    given = [args[1] for args in scene.seen("console.log", "Test event:")]
    must(given == [{"count": count, "message": f"Test event {count}"} for count in range(5)], f"test events: {given}")
    must(await scene.look("local.eventSource.readyState") == 2, "the stream is not closed")


async def public_endpoint_function(scene: Scene) -> None:
    """The same through the guide's test function, until its own limit of ten seconds."""
    await scene.run()
    await scene.saw("console.log", "Testing SSE connection...")
    await scene.saw("console.log", "✅ Test complete:", {"message": "Test complete"})
    given = [args[1]["count"] for args in scene.seen("console.log", "✅ Test event received:")]
    must(given == [0, 1, 2, 3, 4], f"test events: {given}")
    scene.never("console.log", "Test timeout - closing connection")
    await scene.saw("console.log", "Test timeout - closing connection")
    scene.never("console.error")


async def log_in(scene: Scene) -> None:
    """john_doe gets a token, across origins, and the token is his."""
    must(PASSWORD in scene.text, "the guide's user has another password than the one that was created")
    await scene.run(keep="token data")
    token = await scene.look("local.token")
    must(isinstance(token, str) and token != "", f"the token is {token!r}")
    user = await scene.stage.get(token, "auth/user/")
    must(user["username"] == "john_doe", f"the token is of {user}")


async def token_in_url(scene: Scene) -> None:
    """The token of the login opens a stream."""
    await scene.run(keep="eventSource")
    await scene.until("local.eventSource.readyState === 1")
    await scene.look("void local.eventSource.addEventListener('message', event => record('message', event.data))")
    await scene.stage.send(scene.stage.jane, scene.user, HELLO)
    await scene.saw("message", lambda data: HELLO in data)


async def lifecycle(scene: Scene) -> None:
    """As it is written it closes what it has just opened, in the same task: none of its listeners may ever fire."""
    await scene.run(before="record('begin')", keep="eventSource")
    must(await scene.look("local.eventSource.readyState") == 2, "the stream is not closed")
    # What the closed stream had under way would come before what a new one gets.
    await scene.look(f"(() => {{ {SOURCE} }})()")
    await scene.connected()
    scene.never("console.log")
    scene.never("console.error")


async def states(scene: Scene) -> None:
    """It names each of the three states."""
    await scene.run(before=SOURCE)
    await scene.saw("console.log", 0)
    await scene.saw("console.log", "🟡 Connecting...")
    await scene.connected()
    await scene.run()
    await scene.saw("console.log", 1)
    await scene.saw("console.log", "🟢 Connected")
    await scene.run(before="eventSource.close()")
    await scene.saw("console.log", 2)
    await scene.saw("console.log", "🔴 Closed")


async def manual_reconnect(scene: Scene) -> None:
    """After a drop it closes its stream and opens another five seconds later."""
    await scene.run(keep="eventSource")
    await scene.until("local.eventSource.readyState === 1")
    await scene.look("void (window.first = local.eventSource)")
    await scene.drop()
    await scene.saw("console.error", "Connection error")
    await scene.until("local.eventSource !== first && local.eventSource.readyState === 1")
    must(await scene.look("first.readyState") == 2, "the first stream is not closed")


async def authenticated_test(scene: Scene) -> None:
    """The guide's own test: `connected`, and a heartbeat within 35 seconds."""
    await scene.run()
    await scene.saw("console.log", "Test results:", limit_s=HEARTBEAT_S)
    await scene.saw("console.log", "✅ All tests passed!")
    scene.never("console.error")


async def metrics(scene: Scene) -> None:
    """Its counters count one message once, also over the restart, and are sent after a minute."""
    await scene.run(before=SOURCE)
    await scene.connected()
    await scene.stage.send(scene.stage.jane, scene.user, HELLO)
    sent = (await scene.saw("sendToAnalytics", limit_s=2 * HEARTBEAT_S))[0]
    must(sent["eventsReceived"] == 1, f"not one message: {sent}")
    must(sent["connectTime"] > EPOCH_MS, f"no time of connecting: {sent}")
