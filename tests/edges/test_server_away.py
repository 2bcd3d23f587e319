"""Services with their store on a server go on when it comes back, whatever happened meanwhile."""

from pathlib import Path

from tests.fakes.postgresql import server
from tests.fakes.service import Service, set_up, write_readers


def test_services_outlast_a_server_that_goes_away_while_their_config_changes(tmp_path: Path) -> None:
    with server() as postgresql:
        set_up(tmp_path, "ada", settings=f"store: {postgresql.database('away')}\n")
        one, two = Service(tmp_path), Service(tmp_path)
        with one.running(), two.running():
            one.until(lambda: one.mails() == ["ada"])
            postgresql.stop()
            write_readers(tmp_path, "ada", "bob")
            one.until(lambda: one.events("service.waits"))
            two.until(lambda: two.events("service.waits"))
            postgresql.start()
            one.until(lambda: one.mails() == ["ada", "bob"])
            assert (one.process.poll(), two.process.poll()) == (None, None)
            one.until(lambda: [one.leads(), two.leads()].count(True) == 1)
