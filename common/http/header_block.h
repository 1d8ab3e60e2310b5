// The headers of one response: names and values in one text, so that a response with ten of them is two allocations and not
// twenty.
//
// Thread: a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kload::http {

class HeaderBlock {
 public:
  // Name and value, in the order and spelling received; valid until the block changes.
  using value_type = std::pair<std::string_view, std::string_view>;

  class const_iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = HeaderBlock::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = value_type;

    const_iterator() = default;
    const_iterator(const HeaderBlock& block, size_t index) : block_(&block), index_(index) {}
    value_type operator*() const { return block_->At(index_); }
    const_iterator& operator++() {
      ++index_;
      return *this;
    }
    const_iterator operator++(int) {
      const const_iterator before = *this;
      ++index_;
      return before;
    }
    friend bool operator==(const const_iterator& a, const const_iterator& b) {
      return a.index_ == b.index_;
    }

   private:
    const HeaderBlock* block_ = nullptr;
    size_t index_ = 0;
  };
  using iterator = const_iterator;

  HeaderBlock() = default;
  HeaderBlock(std::initializer_list<value_type> headers) {
    for (const auto& [name, value] : headers) Add(name, value);
  }

  void Add(std::string_view name, std::string_view value) {
    const auto at = static_cast<uint32_t>(text_.size());
    text_.append(name).append(value);
    entries_.push_back({at, static_cast<uint32_t>(name.size()),
                        at + static_cast<uint32_t>(name.size()),
                        static_cast<uint32_t>(value.size())});
  }
  // In place of Add(), for a response's head as one text: headers whose names and values lie in it, from these offsets on, then
  // the text.
  void AddAt(size_t name, size_t name_size, size_t value, size_t value_size) {
    entries_.push_back({static_cast<uint32_t>(name), static_cast<uint32_t>(name_size),
                        static_cast<uint32_t>(value), static_cast<uint32_t>(value_size)});
  }
  void SetText(std::string_view text) { text_.assign(text); }
  // Empties the block, its memory is kept.
  void Clear() {
    entries_.clear();
    text_.clear();
  }
  // Room for so many headers, and so many bytes of names and values.
  void Reserve(size_t headers, size_t bytes) {
    entries_.reserve(headers);
    text_.reserve(bytes);
  }
  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  size_t capacity_bytes() const { return text_.capacity() + entries_.capacity() * sizeof(Entry); }
  value_type back() const { return At(entries_.size() - 1); }
  const_iterator begin() const { return {*this, 0}; }
  const_iterator end() const { return {*this, entries_.size()}; }

 private:
  // Where a name and a value lie in the text.
  struct Entry {
    uint32_t name;
    uint32_t name_size;
    uint32_t value;
    uint32_t value_size;
  };

  value_type At(size_t index) const {
    const Entry& entry = entries_[index];
    const std::string_view text = text_;
    return {text.substr(entry.name, entry.name_size), text.substr(entry.value, entry.value_size)};
  }

  std::string text_;
  std::vector<Entry> entries_;
};

}  // namespace kload::http
