/* sara/abi/link.h - packets to users on other nodes. Service "sara.link/1". */
#ifndef SARA_ABI_LINK_H
#define SARA_ABI_LINK_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_SVC_LINK "sara.link/1"

typedef struct sara_link {
    uint32_t struct_size;
    uint32_t reserved;
    /* [loop] Carries one packet to the node at channel. done(SARA_OK): that node has taken over the
     * promise (delivered and acknowledged, or stored). Any failure: the packet is still ours. Takes
     * its own reference. */
    void (*send)(void *self, sara_str channel, sara_buf *packet, sara_done done,
                 void *user) SARA_NOEXCEPT;
    /* [loop] The session sid of this user was replaced by a login here: end it there. */
    void (*kick)(void *self, sara_str channel, sara_str jid, sara_str sid, sara_done done,
                 void *user) SARA_NOEXCEPT;
} sara_link;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_LINK_H */
