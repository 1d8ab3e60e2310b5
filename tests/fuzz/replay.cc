// Runs a fuzz target without libFuzzer: each file of its corpus, then a number of seeded mutations of them. So every build
// and every compiler tries them a little.
//   fuzz_NAME CORPUS_FOLDER [MUTATIONS]
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr auto kTimeMax = std::chrono::seconds(3);

void Try(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

// One to four changes: flip, overwrite, cut out, repeat, splice in some of another input.
std::string Mutate(std::string bytes, const std::vector<std::string>& corpus,
                   std::mt19937_64& random) {
  for (uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
    const size_t at = bytes.empty() ? 0 : random() % bytes.size();
    const size_t length = bytes.empty() ? 0 : random() % (bytes.size() - at) % 64;
    switch (random() % 5) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = static_cast<char>(random());
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, length));
        break;
      default: {
        const std::string& other = corpus[random() % corpus.size()];
        if (!other.empty()) bytes.insert(at, other.substr(random() % other.size(), 32));
      }
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER [MUTATIONS]\n", argv[0]);
    return 2;
  }
  std::vector<std::string> corpus;
  for (const auto& file : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream stream(file.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    Try(corpus.back());
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no corpus\n", argv[1]);
    return 2;
  }
  const int mutations = argc > 2 ? std::atoi(argv[2]) : 2000;
  std::mt19937_64 random(1);
  const auto end = std::chrono::steady_clock::now() + kTimeMax;
  int tried = 0;
  for (; tried < mutations && std::chrono::steady_clock::now() < end; ++tried) {
    Try(Mutate(corpus[random() % corpus.size()], corpus, random));
  }
  std::printf("%zu inputs, %d mutations\n", corpus.size(), tried);
  return 0;
}
