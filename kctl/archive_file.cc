#include "kctl/archive_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include "common/base/status.h"
#include "kctl/option_text.h"

namespace kload::kctl {
namespace {

constexpr size_t kBytesMax = size_t{1} << 30;
constexpr std::string_view kFileFolder = "file";
constexpr std::string_view kHttpsFolder = "https/";
constexpr std::string_view kFileScheme = "file://";
constexpr std::string_view kHttpsScheme = "https://";

struct FreeArchive {
  void operator()(archive* reader_or_writer) const { archive_free(reader_or_writer); }
};
using ArchivePtr = std::unique_ptr<archive, FreeArchive>;
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using EntryPtr = std::unique_ptr<archive_entry, FreeEntry>;

std::string ErrorOf(archive* a) {
  const char* text = archive_error_string(a);
  return text == nullptr ? "unknown error" : text;
}

// ---- Names ----

std::string PercentEncoded(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/:@$&+,;=";
  std::string out;
  for (const unsigned char c : path) {
    if ((c < 0x80 && std::isalnum(c) != 0) || kPlain.find(static_cast<char>(c)) != kPlain.npos) {
      out += static_cast<char>(c);
    } else {
      out += fmt::format("%{:02X}", c);
    }
  }
  return out;
}

std::string PercentDecoded(std::string_view text) {
  const auto digit = [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0 ? c - '0' : (c | 0x20) - 'a' + 10;
  };
  const auto hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) && hex(text[i + 2])) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// A bundle's name as the tar has it, and as an URL.
std::string EntryName(const std::string& name) {
  if (name.starts_with(kHttpsScheme)) {
    return std::string(kHttpsFolder) + name.substr(kHttpsScheme.size());
  }
  return std::string(kFileFolder) + (name.starts_with('/') ? "" : "/") + name;
}

std::string UrlOf(const std::string& name) {
  if (name.starts_with(kHttpsScheme)) return name;
  return std::string(kFileScheme) + PercentEncoded(name.starts_with('/') ? name : "/" + name);
}

// The way back; "" for an entry that is no file of the bundle.
std::string BundleName(std::string_view entry) {
  if (entry.starts_with(kHttpsFolder)) {
    return std::string(kHttpsScheme) + std::string(entry.substr(kHttpsFolder.size()));
  }
  if (!entry.starts_with(kFileFolder) || !entry.substr(kFileFolder.size()).starts_with('/')) {
    return "";
  }
  return std::string(entry.substr(kFileFolder.size()));
}

std::string NameFromUrl(const std::string& url) {
  if (url.starts_with(kFileScheme)) {
    return PercentDecoded(std::string_view(url).substr(kFileScheme.size()));
  }
  return url;
}

// ---- Reading ----

absl::StatusOr<std::string> ReadContent(archive* reader, size_t room) {
  std::string content;
  std::array<char, 16384> piece;
  while (true) {
    const la_ssize_t got = archive_read_data(reader, piece.data(), piece.size());
    if (got == 0) return content;
    if (got < 0) {
      return absl::InvalidArgumentError(fmt::format("the archive is damaged: {}", ErrorOf(reader)));
    }
    content.append(piece.data(), static_cast<size_t>(got));
    if (content.size() > room) {
      return absl::InvalidArgumentError(
          fmt::format("the archive has more than {} MiB of files", kBytesMax >> 20));
    }
  }
}

absl::StatusOr<std::map<std::string, std::string>> ReadEntries(std::string_view bytes) {
  const ArchivePtr reader(archive_read_new());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return absl::InvalidArgumentError(fmt::format("it is not a tar: {}", ErrorOf(reader.get())));
  }
  std::map<std::string, std::string> entries;
  size_t total = 0;
  while (true) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) return entries;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
      return absl::InvalidArgumentError(
          fmt::format("the archive is damaged: {}", ErrorOf(reader.get())));
    }
    const char* name = archive_entry_pathname(entry);
    if (archive_entry_filetype(entry) != AE_IFREG || name == nullptr) continue;
    const std::string key = name;
    KLOAD_ASSIGN_OR_RETURN(entries[key], ReadContent(reader.get(), kBytesMax - total));
    total += entries[key].size();
  }
}

// null says "unset"; an object that has nothing else is unset too.
void DropNulls(Json& json) {
  if (!json.is_object()) return;
  for (auto it = json.begin(); it != json.end();) {
    const bool was_empty = it->is_object() && it->empty();
    DropNulls(*it);
    const bool unset = it->is_null() || (it->is_object() && it->empty() && !was_empty);
    it = unset ? json.erase(it) : ++it;
  }
}

std::string Dumped(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

absl::Status ReadMetadata(const std::string& text, Archive& archive) {
  const Json metadata = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto wrong = [](std::string_view what) {
    return absl::InvalidArgumentError(fmt::format("the archive's metadata.json {}", what));
  };
  if (!metadata.is_object()) return wrong("is not a JSON object");
  const Json type = metadata.value("type", Json());
  if (type != "js") return wrong(fmt::format("has the type {}, only \"js\" can run", type.dump()));
  const Json filename = metadata.value("filename", Json());
  if (!filename.is_string()) return wrong("does not say the script's filename");
  archive.bundle.main = NameFromUrl(filename.get<std::string>());
  Json options = metadata.value("options", Json::object());
  DropNulls(options);
  archive.options_json = Dumped(options.is_object() ? options : Json::object());
  const Json env = metadata.value("env", Json());
  if (!env.is_object()) return absl::OkStatus();
  for (const auto& [name, value] : env.items()) {
    if (!value.is_string()) return wrong(fmt::format("has env.{} that is not a string", name));
    archive.env[name] = value.get<std::string>();
  }
  return absl::OkStatus();
}

// ---- Writing ----

Json MetadataOf(const Archive& archive) {
  const std::string url = UrlOf(archive.bundle.main);
  const size_t folder = url.rfind('/');
  const Json options = Json::parse(archive.options_json, nullptr, /*allow_exceptions=*/false);
  Json metadata = {{"type", "js"},
                   {"options", options.is_object() ? options : Json::object()},
                   {"filename", url},
                   {"pwd", url.substr(0, std::max(folder, kFileScheme.size() + 1))}};
  metadata["env"] = archive.env;
  metadata["compatibilityMode"] = "extended";
  metadata["k6version"] = "kload/" KLOAD_VERSION;
  metadata["goos"] = "linux";
  return metadata;
}

bool WriteEntry(archive* writer, const std::string& name, const std::string& content) {
  const EntryPtr entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), 0, 0);
  return archive_write_header(writer, entry.get()) == ARCHIVE_OK &&
         archive_write_data(writer, content.data(), content.size()) ==
             static_cast<la_ssize_t>(content.size());
}

}  // namespace

bool LooksLikeArchive(std::string_view bytes) {
  constexpr size_t kMagicAt = 257;
  return bytes.size() >= 512 && bytes.substr(kMagicAt, 5) == "ustar";
}

absl::StatusOr<Archive> ReadArchive(std::string_view bytes) {
  KLOAD_ASSIGN_OR_RETURN(auto entries, ReadEntries(bytes));
  const auto metadata = entries.find("metadata.json");
  if (metadata == entries.end()) {
    return absl::InvalidArgumentError(
        "the archive has no metadata.json; `kctl archive SCRIPT` and `k6 archive` make such files");
  }
  Archive archive;
  KLOAD_RETURN_IF_ERROR(ReadMetadata(metadata->second, archive));
  for (auto& [entry, content] : entries) {
    const std::string name = BundleName(entry);
    if (!name.empty()) archive.bundle.files[name] = std::move(content);
  }
  const auto data = entries.find("data");
  if (data != entries.end()) archive.bundle.files.emplace(archive.bundle.main, data->second);
  if (archive.bundle.files.contains(archive.bundle.main)) return archive;
  return absl::InvalidArgumentError(
      fmt::format("the archive does not contain its script {}", archive.bundle.main));
}

absl::Status WriteArchive(const Archive& archive, const std::string& path) {
  const ArchivePtr writer(archive_write_new());
  archive_write_set_format_pax_restricted(writer.get());
  const auto failed = [&] {
    return absl::UnavailableError(fmt::format("cannot write {}: {}", path, ErrorOf(writer.get())));
  };
  if (archive_write_open_filename(writer.get(), path == "-" ? nullptr : path.c_str()) !=
      ARCHIVE_OK) {
    return failed();
  }
  std::map<std::string, const std::string*> entries;
  for (const auto& [name, content] : archive.bundle.files) entries[EntryName(name)] = &content;
  bool written = WriteEntry(writer.get(), "metadata.json", Dumped(MetadataOf(archive), 2));
  const auto main = archive.bundle.files.find(archive.bundle.main);
  if (main != archive.bundle.files.end()) {
    written = written && WriteEntry(writer.get(), "data", main->second);
  }
  for (const auto& [name, content] : entries) {
    written = written && WriteEntry(writer.get(), name, *content);
  }
  if (!written || archive_write_close(writer.get()) != ARCHIVE_OK) return failed();
  return absl::OkStatus();
}

}  // namespace kload::kctl
