/**
 * The style sheet of the layer. The host has no size, so that only the marks take the pointer. What the page says of all elements
 * (`* { … }`) also holds for the host, and would win over it, were it not for `!important`. The colours have a contrast of at least 4.5 to
 * their white letters, and each has a letter.
 */
export const STYLE = `
:host{all:initial!important;position:fixed!important;top:0!important;left:0!important;z-index:2147483647!important;color-scheme:light dark!important}
a,span{position:absolute;top:0;left:0;box-sizing:border-box;height:24px;border:2px solid light-dark(#fff,#000);border-radius:0 0 6px;background:#222;white-space:nowrap}
a{width:24px;color:#fff;font:700 13px/20px sans-serif;text-align:center;text-decoration:none}
span{top:-2px;left:100%;max-width:45vw;padding:0 6px;overflow:hidden;text-overflow:ellipsis;pointer-events:none}
.left span{left:auto;right:100%}
a:not(:hover,:focus-visible) span{opacity:0}
a:is(:hover,:focus-visible){z-index:1}
a:focus-visible{outline:3px solid light-dark(#000,#fff)}
.simulated{border-style:dashed}
.memory{background:#1a7f37}
.disk{background:#0550ae}
.s3{background:#b93800}
.browser{background:#57606a}
.cdn{background:#0b6b74}
.origin{background:#8a1a8f}
.failed{background:#b00020}
@media print{:host{display:none!important}}
`;
