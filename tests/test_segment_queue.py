"""How many segments of raw frames an encode holds at once, however long its source is: two for each worker."""

from concurrent.futures import Future

import pytest

import aicodec_native as aic
from aicodec_native import cluster, frame_store, segment_queue
from clips import moving_shots

SHOTS, FRAMES = 40, 24
# Whether a cut is one shows some frames later: the next segment's first ones, twice while they change hands.
LOOK_AHEAD = 18


@pytest.fixture(scope="module")
def many_shots():
    """Shots of a second."""
    return moving_shots(SHOTS, frames=FRAMES, height=32, width=48)


@pytest.fixture
def held(monkeypatch):
    """The frame stores that are open, and how many frames they had together at most."""
    stores, most = {}, [0]
    append, close = frame_store.FrameStore.append, frame_store.FrameStore.close

    def counted(store, picture):
        append(store, picture)
        stores[id(store)] = store
        most[0] = max(most[0], sum(each.count for each in stores.values()))

    def uncounted(store):
        stores.pop(id(store), None)
        close(store)

    monkeypatch.setattr(frame_store.FrameStore, "append", counted)
    monkeypatch.setattr(frame_store.FrameStore, "close", uncounted)
    return stores, most


def encode(clip, path, **options):
    return aic.encode(clip, path, fps=24, preset="fast", crf=50, **options)


@pytest.mark.parametrize("workers", [1, 2])
def test_frames_here(many_shots, tmp_path, held, workers):
    result = encode(many_shots, tmp_path / "a.aic", workers=workers)
    assert len(result.segments) == SHOTS
    assert 2 * FRAMES <= held[1][0] <= 2 * workers * FRAMES + LOOK_AHEAD
    assert not held[0]


class SlowCluster(cluster.ClusterPool):
    """Two workers that answer as late as they can: only when as many segments wait as are ever sent."""

    def __init__(self, address):
        self.count = 2
        self.under_way = []
        self.most = 0
        self.held_when_sent = []
        SlowCluster.last = self

    def submit(self, job, report):
        packed = cluster._packed(job)
        future = LateFuture(lambda: (self.under_way.remove(future), cluster._run(cluster._versions(), *packed))[1])
        self.under_way.append(future)
        self.most = max(self.most, len(self.under_way))
        return future

    def close(self):
        pass


class LateFuture(Future):
    def __init__(self, run):
        super().__init__()
        self._run = run

    def result(self, timeout=None):
        return self._run()


def test_frames_on_a_cluster(many_shots, tmp_path, held, monkeypatch):
    monkeypatch.setattr(segment_queue, "ClusterPool", SlowCluster)
    result = encode(many_shots, tmp_path / "a.aic", cluster="tcp://somewhere:1")
    assert len(result.segments) == SHOTS
    assert 2 <= SlowCluster.last.most <= 4
    assert held[1][0] <= 2 * FRAMES + LOOK_AHEAD  # those that are being read: the others have been sent
    assert not held[0]
    encode(many_shots, tmp_path / "b.aic", workers=1)
    assert (tmp_path / "a.aic").read_bytes() == (tmp_path / "b.aic").read_bytes()
