#include "common/spool/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/base/status.h"
#include "common/wire/delta_wire.h"

namespace kload {
namespace {

constexpr std::string_view kMagic = "kload spool 1\n";
constexpr size_t kFrameHead = 8;
// Far above any delta; below what a damaged length could ask for.
constexpr uint32_t kFrameMax = 256U << 20;

uint32_t Checksum(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

void AppendNumber(uint32_t number, std::string& out) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift & 0xff);
}

uint32_t ReadNumber(std::string_view bytes) {
  uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number |= uint32_t{static_cast<unsigned char>(bytes[i])} << 8 * i;
  return number;
}

std::string Frame(const std::string& bytes) {
  std::string frame;
  frame.reserve(kFrameHead + bytes.size());
  AppendNumber(static_cast<uint32_t>(bytes.size()), frame);
  AppendNumber(Checksum(bytes), frame);
  return frame + bytes;
}

// A name that is one of a file, whatever an agent calls itself.
std::string FileName(const v1::SpoolHeader& header) {
  std::string name = fmt::format("{}.{}-{}.spool", header.run_id(), header.agent(),
                                 header.incarnation().substr(0, 8));
  for (char& c : name) {
    if (c == '/' || c == '\0') c = '_';
  }
  return name;
}

// Frames one by one; nothing at the end, or where `damage` says what is wrong.
class Frames {
 public:
  explicit Frames(std::string_view left) : left_(left) {}

  std::optional<std::string_view> Next() {
    if (left_.empty()) return std::nullopt;
    if (left_.size() < kFrameHead) return Damaged("its end is torn");
    const uint32_t size = ReadNumber(left_);
    const uint32_t sum = ReadNumber(left_.substr(4));
    if (size > kFrameMax) return Damaged("a frame's length cannot be");
    if (left_.size() - kFrameHead < size) return Damaged("its end is torn");
    const std::string_view bytes = left_.substr(kFrameHead, size);
    if (Checksum(bytes) != sum) return Damaged("a checksum is wrong");
    left_.remove_prefix(kFrameHead + size);
    return bytes;
  }
  std::nullopt_t Damaged(std::string_view what) {
    damage_ = fmt::format("{}; the last {} bytes are not used", what, left_.size());
    left_ = {};
    return std::nullopt;
  }
  const std::string& damage() const { return damage_; }

 private:
  std::string_view left_;
  std::string damage_;
};

absl::Status Problem(const std::string& path, const char* what) {
  return absl::UnavailableError(fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SpoolWriter>> SpoolWriter::Create(const std::string& folder,
                                                                 const v1::SpoolHeader& header) {
  std::error_code ignored;  // open() says what is wrong
  std::filesystem::create_directories(folder, ignored);
  std::string path = (std::filesystem::path(folder) / FileName(header)).string();
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return Problem(path, "cannot make this spool");
  std::unique_ptr<SpoolWriter> writer(new SpoolWriter(std::move(path), file));
  KLOAD_RETURN_IF_ERROR(writer->Write(std::string(kMagic) + Frame(header.SerializeAsString())));
  return writer;
}

SpoolWriter::~SpoolWriter() { ::close(file_); }

absl::Status SpoolWriter::Write(const std::string& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = ::write(file_, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const absl::Status status = Problem(path_, "cannot write");
      // Not half a frame: what is read later ends where this is whole.
      if (::ftruncate(file_, static_cast<off_t>(whole_)) == 0) {
        ::lseek(file_, static_cast<off_t>(whole_), SEEK_SET);
      }
      return status;
    }
    done += static_cast<size_t>(written);
  }
  whole_ += bytes.size();
  return absl::OkStatus();
}

absl::Status SpoolWriter::Add(const Delta& delta) {
  v1::Delta message = wire::DeltaEncoder().Encode(delta);
  message.set_sequence(
      ++deltas_);  // in this file; what it gets on its way to a controller is another matter
  return Write(Frame(message.SerializeAsString()));
}

void SpoolWriter::Remove() { ::unlink(path_.c_str()); }

absl::StatusOr<Spool> ReadSpool(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(fmt::format("{}: there is no such spool", path));
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  const std::string_view view = content;
  if (!view.starts_with(kMagic)) {
    return absl::DataLossError(
        fmt::format("{}: this is no spool of kload, or not of this version", path));
  }
  Frames frames(view.substr(kMagic.size()));
  Spool spool;
  spool.path = path;
  const auto header = frames.Next();
  if (!header || !spool.header.ParseFromArray(header->data(), static_cast<int>(header->size()))) {
    return absl::DataLossError(fmt::format("{}: its header cannot be read", path));
  }
  while (const auto bytes = frames.Next()) {
    v1::Delta message;
    if (!message.ParseFromArray(bytes->data(), static_cast<int>(bytes->size()))) {
      frames.Damaged("a delta cannot be read");
      break;
    }
    absl::StatusOr<Delta> delta = wire::DeltaDecoder().Decode(message);
    if (!delta.ok()) {
      frames.Damaged(Message(delta.status()));
      break;
    }
    spool.deltas.push_back(*std::move(delta));
  }
  spool.damage = frames.damage();
  return spool;
}

}  // namespace kload
