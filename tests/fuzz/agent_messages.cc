// What an agent tells its controller: any message of its stream, deltas merged.
#include "common/wire/delta_wire.h"
#include "controller/link/agent_decoder.h"
#include "controller/merge/cluster_series.h"
#include "controller/merge/ledger.h"
#include "tests/fuzz/target.h"

// A message after the other, each behind the two bytes of its length.
KLOAD_FUZZ(bytes) {
  using namespace kload;
  controller::AgentDecoder decoder;
  controller::ClusterSeries series;
  controller::Ledger ledger;
  while (bytes.size() > 2) {
    const size_t length =
        static_cast<unsigned char>(bytes[0]) * 256 + static_cast<unsigned char>(bytes[1]);
    bytes.remove_prefix(2);
    v1::AgentMessage message;
    const std::string_view one = bytes.substr(0, length);
    bytes.remove_prefix(one.size());
    if (!message.ParseFromArray(one.data(), static_cast<int>(one.size()))) return;
    (void)controller::AgentDecoder::DecodeHello(message, "10.0.0.1:1");
    auto event = decoder.Decode(std::move(message), Nanos(1));
    if (!event.ok()) return;  // the stream ends
    const auto* delta = std::get_if<Delta>(&*event);
    if (delta == nullptr) continue;
    if (ledger.Admit("a", delta->sequence).answer != controller::Ledger::Answer::kNew) continue;
    if (!series.Add(*delta).ok()) continue;
    for (const auto& metric : series.metrics()) {
      if (const auto* trend = std::get_if<TrendSink>(&metric.total)) {
        (void)trend->Quantile(0.95, metric.def.contains);
      }
    }
    wire::DeltaEncoder encoder;
    (void)encoder.Encode(*delta);
  }
}
