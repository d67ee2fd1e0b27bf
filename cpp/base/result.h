// Errors as values. The core neither throws, prints nor aborts: what can fail returns a Result, and the
// bindings turn an Error into a Python exception. This is the ground that every other room stands on.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

namespace aicodec {

enum class Error : uint8_t {
#define AICODEC_ERROR(name, text) name,
#include "base/error_table.inl"
#undef AICODEC_ERROR
};

// The sentence a user reads for `error`.
std::string_view error_text(Error error);

// Stands for "no value" where a function only succeeds or fails.
struct Ok {};

// Either a value or the Error that stopped it from being made.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, error) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  // Precondition: !ok().
  Error error() const { return *std::get_if<1>(&state_); }
  // Precondition: ok().
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<Ok>;

}  // namespace aicodec

// Leaves the enclosing function with the error of `expression`, if it has one.
#define AICODEC_TRY(expression)                                                      \
  do {                                                                               \
    if (auto try_result = (expression); !try_result.ok()) return try_result.error(); \
  } while (false)
