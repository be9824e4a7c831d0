// SPDX-License-Identifier: Apache-2.0

// An upcoming feature that the manifest misspells is ignored without a word; here it is an error.
#if !hasFeature(ExistentialAny)
    #error("ExistentialAny is off")
#endif
#if !hasFeature(ImmutableWeakCaptures)
    #error("ImmutableWeakCaptures is off")
#endif
#if !hasFeature(InferIsolatedConformances)
    #error("InferIsolatedConformances is off")
#endif
#if !hasFeature(InternalImportsByDefault)
    #error("InternalImportsByDefault is off")
#endif
#if !hasFeature(MemberImportVisibility)
    #error("MemberImportVisibility is off")
#endif
#if !hasFeature(NonisolatedNonsendingByDefault)
    #error("NonisolatedNonsendingByDefault is off")
#endif
