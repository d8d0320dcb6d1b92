"""The decisions of the chat service that need neither engine nor network."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.chat.admission import Admission
from services.chat.embedder.model import batches
from services.chat.processor import Processor, read_cpuinfo
from services.chat.settings import ChatSettings
from services.chat.sse import FrameSplitter
from services.chat.stall import EngineFigures, StallWatch, read_figures
from services.chat.vllm_server import vllm_program
from services.kit.backoff import Backoff
from services.kit.failures import Overloaded


def test_over_capacity_is_turned_away_and_a_freed_place_is_free() -> None:
    admission = Admission("it", 2)
    with admission.place():
        with admission.place(), pytest.raises(Overloaded) as caught, admission.place():
            pass
        assert caught.value.retry_after_s
        with admission.place():
            assert admission.inside == 2
    assert admission.inside == 0


def test_an_engine_that_works_however_slowly_is_not_stalled() -> None:
    watch = StallWatch(limit_s=10)
    seen = [watch.observe(EngineFigures(running=1, tokens=t), t * 9.0, waiting=True) for t in range(20)]
    assert seen == [0.0] * 20


def test_requests_without_tokens_are_a_stall_and_an_idle_engine_is_not() -> None:
    watch = StallWatch(limit_s=10)
    assert [watch.observe(EngineFigures(1, 5), now, waiting=True) for now in (0, 5, 9, 10)] == [0, 5, 9, 10]
    watch = StallWatch(limit_s=10)
    assert not any(watch.observe(EngineFigures(0, 5), now, waiting=False) for now in (0, 50, 100))
    # The time spent idle does not count once a request comes.
    assert [watch.observe(EngineFigures(1, 5), now, waiting=True) for now in (100, 105, 110)] == [0, 5, 10]


def test_an_engine_that_does_not_count_the_newcomers_is_stalled_too() -> None:
    watch = StallWatch(limit_s=10)
    assert [watch.observe(EngineFigures(0, 5), now, waiting=True) for now in (100, 105, 110)] == [0, 5, 10]


def test_a_stall_goes_on_when_those_who_waited_have_left() -> None:
    watch = StallWatch(limit_s=10)
    assert [watch.observe(EngineFigures(1, 5), now, waiting=now < 4) for now in (0, 3, 8, 11)] == [0, 3, 8, 11]


def test_a_server_that_does_not_answer_is_a_stall_too() -> None:
    watch = StallWatch(limit_s=10)
    assert [watch.observe(None, now, waiting=False) for now in (100, 105, 110)] == [0, 5, 10]


def test_figures_are_summed_over_engines() -> None:
    text = """# HELP vllm:num_requests_running Number
vllm:num_requests_running{engine="0",model_name="a"} 2.0
vllm:num_requests_running{engine="1",model_name="a"} 1.0
vllm:generation_tokens_total{engine="0"} 1e+02
vllm:generation_tokens_created{engine="0"} 1.7e+09
vllm:prompt_tokens_total{engine="0"} 7.0
"""
    assert read_figures(text) == EngineFigures(running=3, tokens=107)


def test_restarts_come_slower_and_slower() -> None:
    backoff = Backoff(first_s=1, longest_s=30)
    assert [backoff.before(n) for n in (0, 1, 2, 3, 10, 1000)] == [0, 1, 2, 4, 30, 30]


def test_event_streams_of_all_line_ends_and_shapes() -> None:
    for end in (b"\n", b"\r\n", b"\r"):
        splitter = FrameSplitter()
        told = [
            b": hello",
            b"",
            b"event: x",
            b"data: 1",
            b"",
            b"data:2",
            b"id: 7",
            b"",
            b"data: a",
            b"data: b",
            b"",
            b"data: 3",
        ]
        found = splitter.feed(end.join(told) + end)
        assert found + splitter.flush() == [b"1", b"2", b"a\nb", b"3"]


def test_texts_of_a_batch_are_of_like_length_and_none_is_lost() -> None:
    lengths = [5, 500, 6, 500, 4] * 40
    found = list(batches(lengths))
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert all(len(batch) <= 64 and len(batch) * max(lengths[i] for i in batch) <= 8192 for batch in found)


CPUINFO = """processor\t: 0
physical id\t: 0
core id\t\t: 0
flags\t\t: fpu avx2

processor\t: 1
physical id\t: 0
core id\t\t: 0
flags\t\t: fpu avx2

processor\t: 2
physical id\t: 0
core id\t\t: 1
flags\t\t: fpu avx2 avx512_bf16
"""


def test_threads_of_one_core_count_once_and_only_allowed_ones() -> None:
    assert read_cpuinfo(CPUINFO, {0, 1, 2}) == Processor(cores=2, bfloat16=True)
    assert read_cpuinfo(CPUINFO, {0, 1}) == Processor(cores=1, bfloat16=False)
    assert read_cpuinfo("", {0, 1}) == Processor(cores=2, bfloat16=False)


def command(on_cpu: bool, processor: Processor, **settings: object) -> tuple[list[str], dict[str, str]]:
    program = vllm_program(
        ChatSettings.model_validate({"chat_model": "/models/smol", **settings}), Path("/run"), processor, on_cpu=on_cpu
    )
    return list(program.command), dict(program.environment)


def test_on_cpu_the_type_follows_the_processor_and_a_core_stays_free() -> None:
    argv, env = command(True, Processor(cores=4, bfloat16=False))
    assert argv[argv.index("--dtype") + 1] == "float32" and env["OMP_NUM_THREADS"] == "3"
    assert argv[argv.index("--served-model-name") + 1] == "smol"
    argv, env = command(True, Processor(cores=1, bfloat16=True))
    assert argv[argv.index("--dtype") + 1] == "bfloat16" and env["OMP_NUM_THREADS"] == "1"


def test_on_a_gpu_vllm_decides() -> None:
    argv, env = command(False, Processor(cores=4, bfloat16=False), chat_engine_args="--tensor-parallel-size 2")
    assert argv[1:3] == ["-m", "vllm.entrypoints.openai.api_server"] and "--enforce-eager" not in argv
    assert argv[argv.index("--dtype") + 1] == "auto" and "VLLM_CPU_KVCACHE_SPACE" not in env
    assert argv[-2:] == ["--tensor-parallel-size", "2"]


def test_our_secrets_do_not_reach_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_S3_SECRET_KEY", "secret")
    assert not any(name.startswith("ATELIER_") for name in command(True, Processor(2, False))[1])
