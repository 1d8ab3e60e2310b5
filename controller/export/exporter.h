// What the controller shows to machines: a page of metrics, a health check, a word of welcome.
//
// Data path: core -> Publish() -> Page -> HttpServer -> Prometheus.
// Thread:    Publish() on the core thread; requests are answered on the server's own.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "common/base/clock.h"
#include "controller/export/figures.h"
#include "controller/export/http_server.h"
#include "controller/export/page.h"

namespace kload::controller {

class Exporter {
 public:
  // Beyond this age of the figures /healthz answers 503: the core publishes once a second.
  static constexpr Nanos kStaleAfter = std::chrono::seconds(10);

  // Listens on `address`; see HttpServer::Start() for errors. `clock` must outlive the exporter.
  static absl::StatusOr<std::unique_ptr<Exporter>> Start(const std::string& address,
                                                         const Clock& clock);

  void Publish(const ClusterFigures& figures) { page_.Publish(figures, clock_.Now()); }
  const std::string& address() const { return server_->address(); }
  void Shutdown() { server_->Shutdown(); }

 private:
  explicit Exporter(const Clock& clock) : clock_(clock) {}
  HttpResponse Answer(std::string_view path) const;

  const Clock& clock_;
  Page page_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace kload::controller
