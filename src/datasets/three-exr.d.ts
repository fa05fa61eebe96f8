/** What the kit uses of three's reader of OpenEXR pictures, which comes without types. */
declare module "three/examples/jsm/loaders/EXRLoader.js" {
  export class EXRLoader {
    setDataType(type: number): this;
    /** Rows from the bottom up, four numbers a pixel. */
    parse(bytes: ArrayBuffer): { readonly width: number; readonly height: number; readonly data: Float32Array };
  }
}
