// What the controller shows to machines: a page of metrics, a health check, a word of welcome.
//
// Data path: core -> Publish() -> Page -> HttpServer -> Prometheus.
// Thread:    Publish() on the core thread; requests are answered on the server's own.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/clock.h"
#include "controller/export/figures.h"
#include "controller/export/http_server.h"
#include "controller/export/page.h"

namespace kload::controller {

class Exporter {
 public:
  // Beyond this age of the figures /healthz answers 503: the core publishes once a second.
  static constexpr Nanos kStaleAfter = std::chrono::seconds(10);

  // Whether who sends this header Authorization may look; called on the server's thread.
  using MayLook = std::function<bool(std::string_view authorization)>;

  // Listens on `address`; see HttpServer::Start() for errors. `clock` must outlive the exporter. `may_look`: empty:
  // everybody may. /healthz is for everybody.
  static absl::StatusOr<std::unique_ptr<Exporter>> Start(
      const std::string& address, const Clock& clock, MayLook may_look = {},
      const HttpServer::Certificate& certificate = {});

  void Publish(const ClusterFigures& figures) { page_.Publish(figures, clock_.Now()); }
  const std::string& address() const { return server_->address(); }
  void Shutdown() { server_->Shutdown(); }

 private:
  Exporter(const Clock& clock, MayLook may_look) : clock_(clock), may_look_(std::move(may_look)) {}
  HttpResponse Answer(const HttpRequest& request) const;

  const Clock& clock_;
  const MayLook may_look_;
  Page page_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace kload::controller
