// SPDX-License-Identifier: Apache-2.0

/// The default names of annotated functions.
///
/// What the annotations write calls it; there is no need to.
public enum StepName {
    /// The name of a step of a type that is no workflow: `Type.function`.
    public static func of<Owner>(_ function: String, in owner: Owner.Type, called type: String) -> String {
        "\(type).\(function)"
    }

    /// The name of a step of a workflow: that of its function.
    ///
    /// This one is chosen in extensions of workflows, which the annotation cannot tell from other extensions.
    public static func of<Owner: Workflow>(_ function: String, in owner: Owner.Type, called type: String) -> String {
        function
    }
}
