#include "controller/export/exporter.h"

#include <optional>
#include <utility>

#include "common/base/status.h"

namespace kload::controller {
namespace {

constexpr char kWelcome[] =
    "kload-controller: load tests on many agents.\n"
    "/metrics   figures of agents and runs, for Prometheus\n"
    "/healthz   200 while the controller is at work\n"
    "Runs are started and watched with kctl.\n";

constexpr char kWhoAreYou[] =
    "this controller asks who you are: send a token of `kctl token create` as a header\n"
    "Authorization: Bearer TOKEN, or as the password of Basic credentials\n";

}  // namespace

absl::StatusOr<std::unique_ptr<Exporter>> Exporter::Start(
    const std::string& address, const Clock& clock, MayLook may_look,
    const HttpServer::Certificate& certificate) {
  std::unique_ptr<Exporter> exporter(new Exporter(clock, std::move(may_look)));
  KLOAD_ASSIGN_OR_RETURN(
      exporter->server_,
      HttpServer::Start(
          address,
          [page = exporter.get()](const HttpRequest& request) { return page->Answer(request); },
          certificate));
  return exporter;
}

HttpResponse Exporter::Answer(const HttpRequest& request) const {
  const std::string_view path = request.path;
  if (path != "/healthz" && may_look_ && !may_look_(request.authorization)) {
    return {.status = 401, .body = kWhoAreYou};
  }
  if (path == "/metrics") {
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = page_.Render()};
  }
  if (path == "/healthz") {
    const std::optional<Nanos> published = page_.published();
    if (published && clock_.Now() - *published < kStaleAfter) return {.body = "ok\n"};
    return {.status = 503, .body = "the controller's core has not answered for a while\n"};
  }
  if (path == "/") return {.body = kWelcome};
  return {.status = 404, .body = "there is /metrics, /healthz and / here\n"};
}

}  // namespace kload::controller
