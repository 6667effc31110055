// Parsing: bodies to events, against copying them, indexing them and extracting from them by On-Demand.
#include <benchmark/benchmark.h>
#include <libdeflate.h>
#include <simdjson.h>

#include <cstring>
#include <string>

#include "core/base/invariant.h"
#include "core/event/payload.h"
#include "perf/reference_extraction.h"
#include "perf/sample.h"

namespace straykey {
namespace {

constexpr Seconds kNow = 1'790'000'000;

// Runs `body` over each of `bodies` in turns; time is told for each record.
template <class Body>
void over(benchmark::State& state, const std::vector<SampleBody>& bodies, Body&& body) {
  std::size_t at = 0, records = 0;
  for (auto _ : state) {
    const SampleBody& next = bodies[at++ % bodies.size()];
    body(next);
    records += next.records;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
}

void limit_memcpy(benchmark::State& state) {
  std::string to(4 << 20, '\0');
  over(state, sample().files, [&](const SampleBody& body) {
    std::memcpy(to.data(), body.text.data(), body.size);
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  });
}
BENCHMARK(limit_memcpy);

void limit_stage1(benchmark::State& state) {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
  INVARIANT(simdjson::get_active_implementation()->create_dom_parser_implementation(4 << 20, 1, stage) ==
            simdjson::SUCCESS);
  over(state, sample().files, [&](const SampleBody& body) {
    INVARIANT(stage->stage1(reinterpret_cast<const std::uint8_t*>(body.text.data()), body.size,
                            simdjson::stage1_mode::regular) == simdjson::SUCCESS);
  });
}
BENCHMARK(limit_stage1);

void limit_reference_extraction(benchmark::State& state) {
  over(state, sample().files, [&](const SampleBody& body) {
    const Extracted extracted = extract_by_reference(body.view());
    INVARIANT(extracted.records == body.records && extracted.text_bytes > 100 * extracted.records);
  });
}
BENCHMARK(limit_reference_extraction);

void read_all(benchmark::State& state, const std::vector<SampleBody>& bodies, bool short_way,
              ContentEncoding encoding) {
  PayloadLimits limits;
  limits.short_way = short_way;
  PayloadReader reader(limits);
  std::size_t events = 0;
  const PayloadReader::Sink sink{[&](std::uint32_t, Event&& event) {
                                   benchmark::DoNotOptimize(event);
                                   ++events;
                                 },
                                 [](std::uint32_t, RejectReason, std::string_view) { INVARIANT(false); }};
  over(state, bodies, [&](const SampleBody& body) {
    TextArena arena;
    events = 0;
    INVARIANT(!reader.read(body.view(), encoding, kNow, arena, sink));
    INVARIANT(events == body.records);
  });
}

void read_files(benchmark::State& state) {
  read_all(state, sample().files, true, ContentEncoding::identity);
}
BENCHMARK(read_files);

void read_lines(benchmark::State& state) {
  read_all(state, sample().lines, true, ContentEncoding::identity);
}
BENCHMARK(read_lines);

void read_files_by_record_parser(benchmark::State& state) {
  read_all(state, sample().files, false, ContentEncoding::identity);
}
BENCHMARK(read_files_by_record_parser);

void limit_inflate(benchmark::State& state) {
  libdeflate_decompressor* const decompressor = libdeflate_alloc_decompressor();
  std::string to(4 << 20, '\0');
  over(state, sample().compressed, [&](const SampleBody& body) {
    std::size_t made = 0;
    INVARIANT(libdeflate_gzip_decompress(decompressor, body.text.data(), body.size, to.data(), to.size(), &made) ==
              LIBDEFLATE_SUCCESS);
  });
  libdeflate_free_decompressor(decompressor);
}
BENCHMARK(limit_inflate);

void read_gzip(benchmark::State& state) {
  read_all(state, sample().compressed, true, ContentEncoding::gzip);
}
BENCHMARK(read_gzip);

}  // namespace
}  // namespace straykey

BENCHMARK_MAIN();
