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
    text_.append(name).append(value);
    ends_.push_back(
        {static_cast<uint32_t>(text_.size() - value.size()), static_cast<uint32_t>(text_.size())});
  }
  // Room for so many headers, and so many bytes of names and values.
  void Reserve(size_t headers, size_t bytes) {
    ends_.reserve(headers);
    text_.reserve(bytes);
  }
  bool empty() const { return ends_.empty(); }
  size_t size() const { return ends_.size(); }
  value_type back() const { return At(ends_.size() - 1); }
  const_iterator begin() const { return {*this, 0}; }
  const_iterator end() const { return {*this, ends_.size()}; }

 private:
  struct Ends {
    uint32_t name;
    uint32_t value;
  };

  value_type At(size_t index) const {
    const uint32_t begin = index == 0 ? 0 : ends_[index - 1].value;
    const Ends& ends = ends_[index];
    const std::string_view text = text_;
    return {text.substr(begin, ends.name - begin), text.substr(ends.name, ends.value - ends.name)};
  }

  std::string text_;
  std::vector<Ends> ends_;
};

}  // namespace kload::http
