// The buffer functions of the host table. A sara_buf is the head of a loop::Buffer, so handing one
// over costs nothing; the asserts keep the two layouts together.
#include <cstddef>

#include "bus/host_tables.h"
#include "loop/buffer_pool.h"

namespace sara::bus {
namespace {

static_assert(offsetof(loop::Buffer, data) == offsetof(sara_buf, data));
static_assert(offsetof(loop::Buffer, len) == offsetof(sara_buf, len));
static_assert(sizeof(loop::Buffer::data) == sizeof(sara_buf::data));
static_assert(sizeof(loop::Buffer::len) == sizeof(sara_buf::len));
static_assert(alignof(loop::Buffer) >= alignof(sara_buf));

loop::Buffer* ours(sara_buf* b) { return reinterpret_cast<loop::Buffer*>(b); }
sara_buf* theirs(loop::Buffer* b) { return reinterpret_cast<sara_buf*>(b); }

sara_buf* bufNew(const sara_host*, uint64_t len, uint8_t** writable) noexcept {
    loop::Buffer* b = loop::newBuffer(len);
    if (writable != nullptr) *writable = b != nullptr ? b->bytes() : nullptr;
    return theirs(b);
}

sara_buf* bufWrap(const sara_host*, const void* p, uint64_t len, sara_fn free_fn,
                  void* user) noexcept {
    if (p == nullptr && len != 0) return nullptr;
    return theirs(loop::wrapBuffer(p, len, free_fn, user));
}

sara_buf* bufRef(const sara_host*, sara_buf* b) noexcept {
    return b == nullptr ? nullptr : theirs(loop::refBuffer(ours(b)));
}

void bufUnref(const sara_host*, sara_buf* b) noexcept { loop::unrefBuffer(ours(b)); }

}  // namespace

void fillBuffers(sara_host& table) {
    table.buf_new = &bufNew;
    table.buf_wrap = &bufWrap;
    table.buf_ref = &bufRef;
    table.buf_unref = &bufUnref;
}

}  // namespace sara::bus
