// What a user's files hold: archives of scripts, variables, tokens, the file of kctl's controller. The first byte says which.
#include <string>

#include "common/security/tokens.h"
#include "kctl/archive_file.h"
#include "kctl/connection.h"
#include "kctl/dotenv.h"
#include "tests/fuzz/target.h"

KLOAD_FUZZ(bytes) {
  using namespace kload;
  if (bytes.empty()) return;
  const char which = bytes[0];
  bytes.remove_prefix(1);
  switch (which % 4) {
    case 0:
      if (kctl::LooksLikeArchive(bytes)) (void)kctl::ReadArchive(bytes);
      return;
    case 1:
      (void)kctl::ParseDotenv(bytes, ".env");
      return;
    case 2:
      if (const auto tokens = Tokens::Parse(std::string(bytes), "tokens"); tokens.ok()) {
        (void)tokens->Find(bytes);
      }
      return;
    default:
      (void)kctl::ParseConnection(std::string(bytes));
  }
}
