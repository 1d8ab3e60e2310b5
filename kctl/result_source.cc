#include "kctl/result_source.h"

#include <filesystem>

#include "common/base/status.h"
#include "common/result/result_file.h"
#include "kctl/read_file.h"
#include "kctl/verb.h"

namespace kload::kctl {

bool IsResultFile(const std::string& source) {
  std::error_code error;  // what cannot be looked at is no file of ours
  return source.ends_with(".json") || std::filesystem::is_regular_file(source, error);
}

absl::StatusOr<v1::GetRunResponse> LoadResult(const std::string& source,
                                              const GlobalFlags& global) {
  if (IsResultFile(source)) {
    KLOAD_ASSIGN_OR_RETURN(const std::string text, ReadFile(source));
    return ParseResultFile(text, source);
  }
  KLOAD_ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, DialController(global));
  return client->GetRun(source);
}

}  // namespace kload::kctl
