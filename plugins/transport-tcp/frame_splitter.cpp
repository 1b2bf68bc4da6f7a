#include "frame_splitter.h"

#include <algorithm>

namespace sara::tcp {

size_t dropNuls(uint8_t* data, size_t len) noexcept {
    return static_cast<size_t>(std::remove(data, data + len, uint8_t{0}) - data);
}

}  // namespace sara::tcp
