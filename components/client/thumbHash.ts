/** Apart, so that it is loaded when a picture is to be blurred; the build puts the decoder's code in this file. */
export { thumbHashToDataURL } from 'thumbhash';
