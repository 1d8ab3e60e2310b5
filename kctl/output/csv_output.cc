#include "kctl/output/csv_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace kload::kctl {
namespace {

void AddPair(std::string& pairs, const std::string& name, const std::string& value) {
  if (!pairs.empty()) pairs += '&';
  pairs += name + "=" + value;
}

}  // namespace

std::string CsvField(const std::string& text) {
  const bool plain = text.find_first_of(",\"\r\n") == std::string::npos && !text.starts_with(' ') &&
                     !text.starts_with('\t') && text != "\\.";
  if (plain) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void CsvOutput::Begin(const OutputFacts& facts) {
  for (const std::string& tag : facts.system_tags) {
    if (!IsMetadata(tag)) columns_.push_back(tag);
  }
  std::sort(columns_.begin(), columns_.end());
  std::string& out = file_->lines();
  out += "metric_name,timestamp,metric_value";
  for (const std::string& column : columns_) out += "," + column;
  out += ",extra_tags,metadata\n";
}

// The rest of a line after the value.
std::string CsvOutput::TagsText(const Tags& tags) const {
  std::string text;
  for (const std::string& column : columns_) {
    const std::string* value = FindTag(tags, column);
    text += ',';
    if (value != nullptr) text += CsvField(*value);
  }
  std::string extra;
  std::string metadata;
  for (const auto& [name, value] : tags) {
    if (IsMetadata(name)) {
      AddPair(metadata, name, value);
    } else if (!std::binary_search(columns_.begin(), columns_.end(), name)) {
      AddPair(extra, name, value);
    }
  }
  return text + "," + CsvField(extra) + "," + CsvField(metadata) + "\n";
}

void CsvOutput::Add(const SampleBatch& batch) {
  std::vector<std::string> tails;
  for (const Tags& tags : batch.tag_sets) tails.push_back(TagsText(tags));
  std::string& out = file_->lines();
  for (const SamplePoint& point : batch.points) {
    out += batch.metrics[point.metric].name;
    out += ',';
    time_.Append(point.at, out);
    fmt::format_to(std::back_inserter(out), ",{:.6f}", point.value);
    out += tails[point.tags];
    file_->FlushIfLarge();
  }
}

}  // namespace kload::kctl
