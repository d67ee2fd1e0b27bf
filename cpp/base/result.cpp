#include "base/result.h"

namespace aicodec {

std::string_view error_text(Error error) {
  switch (error) {
#define AICODEC_ERROR(name, text) \
  case Error::name:               \
    return text;
#include "base/error_table.inl"
#undef AICODEC_ERROR
  }
  return "unknown error";
}

}  // namespace aicodec
