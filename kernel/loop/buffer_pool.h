// Memory of packets. Decides that a buffer belongs to the loop that allocated it and goes back
// there, so that steady traffic allocates nothing: size classes, a free list per thread, and bulk
// return of foreign buffers.
#pragma once
#include <atomic>
#include <cstdint>
#include <utility>

namespace sara::loop {

// The first two members are the public sara_buf of the ABI (kernel/bus asserts the layout).
struct Buffer {
    const uint8_t* data;
    uint64_t len;
    std::atomic<uint32_t> refs;
    uint32_t capacity;    // bytes behind the header that bytes() may use
    uint16_t size_class;  // UINT16_MAX: straight from the heap
    uint16_t home;        // thread cache that it goes back to
    uint32_t flags;
    void (*free_fn)(void* user) noexcept;  // wrapped memory only
    void* free_user;
    Buffer* next;  // free list

    // [any] The storage behind the header; only while refs is 1 and nobody else has seen the
    // buffer.
    uint8_t* bytes() { return reinterpret_cast<uint8_t*>(this + 1); }
};

// [any] One reference, len bytes, uninitialised, with 64 readable bytes behind them. nullptr when
// memory or the limit buffer_bytes_max is exhausted.
Buffer* newBuffer(uint64_t len) noexcept;
// [any] A header around foreign memory; free_fn(user) runs with the last unref.
Buffer* wrapBuffer(const void* data, uint64_t len, void (*free_fn)(void*) noexcept,
                   void* user) noexcept;
void freeBuffer(Buffer* b) noexcept;
// [loop] Returns foreign buffers collected in this turn to their homes in bulk. The loop calls it
// at the end of each turn.
void returnForeignBuffers() noexcept;
// [any] Process-wide limit, bytes of live buffers; 0: none. Counter buffer_bytes,
// buffer_refused_total.
void setBufferBytesMax(uint64_t bytes) noexcept;
uint64_t liveBufferBytes() noexcept;
// [any] How many times a buffer had to come from the heap since the process began.
uint64_t bufferHeapAllocations() noexcept;

inline Buffer* refBuffer(Buffer* b) noexcept {
    b->refs.fetch_add(1, std::memory_order_relaxed);
    return b;
}
inline void unrefBuffer(Buffer* b) noexcept {
    if (b == nullptr) return;
    // Alone: nobody else can add a reference, so the counter needs no atomic subtraction.
    if (b->refs.load(std::memory_order_acquire) == 1 ||
        b->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        freeBuffer(b);
    }
}

// Owning handle of one reference.
class BufferRef {
  public:
    BufferRef() = default;
    explicit BufferRef(Buffer* adopted) : b_(adopted) {}
    BufferRef(BufferRef&& o) noexcept : b_(std::exchange(o.b_, nullptr)) {}
    BufferRef& operator=(BufferRef&& o) noexcept {
        if (this != &o) {
            unrefBuffer(b_);
            b_ = std::exchange(o.b_, nullptr);
        }
        return *this;
    }
    BufferRef(const BufferRef&) = delete;
    BufferRef& operator=(const BufferRef&) = delete;
    ~BufferRef() { unrefBuffer(b_); }

    static BufferRef share(Buffer* b) { return BufferRef(refBuffer(b)); }
    BufferRef share() const { return b_ ? share(b_) : BufferRef(); }
    Buffer* get() const { return b_; }
    Buffer* operator->() const { return b_; }
    explicit operator bool() const { return b_ != nullptr; }
    // Gives the reference away, e.g. into a post.
    [[nodiscard]] Buffer* release() { return std::exchange(b_, nullptr); }

  private:
    Buffer* b_ = nullptr;
};

}  // namespace sara::loop
